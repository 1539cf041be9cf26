"""Computes the roots of an export anew, with a Merkle tree that others have written (pymerkle) and JSON as Python writes
it: nothing of the product's own. Reads the export from stdin; says, for each checkpoint, its size and whether the root that
was signed is the root of the leaves. Fails when one is not, when there is none, or when leaves are left over."""

import base64
import json
import sys

from pymerkle import InmemoryTree

ENTRY = {"action", "actor_id", "at", "conversation_id", "details", "details_text", "id", "object", "v"}

tree = InmemoryTree(algorithm="sha256")
checkpoints = []
for line in sys.stdin.buffer:
    row = json.loads(line)
    if row.get("record") == "checkpoint":
        checkpoints.append(row["signed_note"])
    elif "leaf" in row and "record" not in row:
        entry = {key: value for key, value in row.items() if key in ENTRY}
        # RFC 8785: what the product writes has no number that is not whole
        data = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        index = tree.append_entry(data)
        assert index == row["leaf"] + 1, f"leaf {row['leaf']} stands at {index - 1}"
        assert tree.get_leaf(index).hex() == row["leaf_hash"], f"leaf {row['leaf']} has another hash"

assert checkpoints, "no checkpoint"
for note in checkpoints:
    origin, size, root = note.split("\n")[:3]
    assert tree.get_root(int(size)) == base64.b64decode(root), f"another root at {size}"
    print(size)
assert int(size) == tree.get_size(), "leaves that no checkpoint speaks of"
