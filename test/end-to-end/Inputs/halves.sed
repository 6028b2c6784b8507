# Each head of q, of 32 components, in two halves.
s|^    %q .*|    %qa = quipu.linear %n, "attn_q" rows 0 to 16 of 32 -> [@heads, 16]\
    %qb = quipu.linear %n, "attn_q" rows 16 to 32 of 32 -> [@heads, 16]\
    %q = quipu.concat %qa, %qb|
