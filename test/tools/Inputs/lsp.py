"""Asks a language server what is wrong with a file, and with a broken one.

usage: lsp.py SERVER FILE
"""

import json
import os
import subprocess
import sys

server = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)


def send(method, params, **more):
    text = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(text) + text)
    server.stdin.flush()


def receive():
    length = 0
    while line := server.stdout.readline().strip():
        name, value = line.split(b":")
        if name == b"Content-Length":
            length = int(value)
    return json.loads(server.stdout.read(length))


def show(name, text):
    uri = f"file:///{name}.mlir"
    send("textDocument/didOpen",
         {"textDocument": {"uri": uri, "languageId": "mlir", "version": 1, "text": text}})
    while (answer := receive()).get("method") != "textDocument/publishDiagnostics":
        pass
    mistakes = answer["params"]["diagnostics"]
    print(f"{name}: {len(mistakes)} mistakes")
    for mistake in mistakes:
        print(f"line {mistake['range']['start']['line']}: {mistake['message']}")


send("initialize", {"processId": None, "capabilities": {}}, id=0)
assert "capabilities" in receive()["result"]
send("initialized", {})
with open(sys.argv[2]) as file:
    show(os.path.basename(sys.argv[2]), file.read())
show("broken", 'quipu.model @m for ["m"] {\n  quipu.output "logits", %nobody\n}\n')
send("shutdown", None, id=1)
send("exit", None)
server.stdin.close()
sys.exit(server.wait())
