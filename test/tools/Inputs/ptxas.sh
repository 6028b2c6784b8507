#!/bin/sh
# ptxas -v -arch=CHIP INPUT -o OUTPUT, for what the compiler makes of its answers:
# the output says where the assembler was, and the report is NVIDIA's in short.
if test "$PTXAS_FAILS"; then
  echo "ptxas fatal   : Unsupported .version 8.6; current version is '8.0'"
  exit 1
fi
printf '\177ELF %s %s' "$2" "$0" > "$5"
echo "ptxas info    : 0 bytes gmem"
echo "ptxas info    : Compiling entry function 'decode_logits' for 'sm_90a'"
echo "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"
echo "ptxas info    : Compiling entry function 'decode_ffn_down' for 'sm_90a'"
echo "    24 bytes stack frame, 24 bytes spill stores, 40 bytes spill loads"
echo "ptxas info    : Used 168 registers, used 2 barriers"
echo "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due to a call in 'prefill128_attn_output'"
