"""Makes a published client's object in its own environment and calls it for a test: one line in, one line out.

`bridge.py MODULE CLASS`, with the constructor's arguments as the first line. A line in is a pickle of steps and
arguments, so that dates and bytes arrive as such; a step is an attribute's name, or `[key]`. A line out is JSON.
"""

import base64
import importlib
import json
import pickle
import sys
import types


def plain(value):
    if isinstance(value, types.GeneratorType):
        return list(value)
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    return {name: held for name, held in vars(value).items() if name != "_attrs"}


def follow(target, steps):
    for step in steps:
        target = target[step[0]] if isinstance(step, list) else getattr(target, step)
    return target


def main():
    answers, sys.stdout = sys.stdout, sys.stderr  # some clients print
    client = None
    for line in sys.stdin:
        steps, arguments, named = pickle.loads(base64.b64decode(line))
        try:
            if client is None:
                client = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])(*arguments, **named)
                answer = {"result": None}
            else:
                found = follow(client, steps)
                answer = {"result": found(*arguments, **named) if callable(found) else found}
            text = json.dumps(answer, default=plain)
        except Exception as error:
            text = json.dumps({"error": type(error).__name__, "text": str(error)})
        print(text, file=answers, flush=True)


main()
