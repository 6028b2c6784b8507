"""Language models that quipu compiled: `quipu build MODEL --lib -o libmodel.so`.

    import quipu

    with quipu.Program("libsmol.so") as smol:
        print(smol.generate("Once upon a time", max_tokens=32))
        for part in smol.generate("Once upon a time", stream=True):
            print(part, end="", flush=True)
"""

from __future__ import annotations

import codecs
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from ._quipu import Error, Model, Stream

__all__ = ["Error", "Program", "TextStream"]

Ids = npt.ArrayLike
"""Token ids: a list or an array of whole numbers."""


def _ids(numbers: Ids) -> list[int]:
    array = np.asarray(numbers)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError("token ids and positions are a list of whole numbers")
    return array.tolist()


class TextStream(Iterator[str]):
    """The parts of a text as they are generated; ends with the text, or `close`."""

    def __init__(self, stream: Stream) -> None:
        self._stream: Stream | None = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.tokens: list[int] = []
        """What has been generated so far."""

    def __iter__(self) -> TextStream:
        return self

    def __next__(self) -> str:
        while self._stream:
            part = self._stream.next()
            if part is None:
                self.close()
                if rest := self._decoder.decode(b"", final=True):
                    return rest
                break
            token, data = part
            self.tokens.append(token)
            if text := self._decoder.decode(data):
                return text
        raise StopIteration

    def close(self) -> None:
        """Ends the generation; the program can be used again then."""
        if self._stream:
            self._stream.close()
        self._stream = None


class Program:
    """A compiled model, from the library at `path`, with its own cached sequences.

    One thread at a time may use it: others get a ValueError. Zeros stand for the
    model's context and all cores. What fails raises ValueError for arguments that
    do not fit, MemoryError, or quipu.Error.
    """

    def __init__(self, path: str | os.PathLike[str], *, context: int = 0, threads: int = 0,
                 sequences: int = 1, cache_type: Literal["f16", "f32", "q8_0"] = "f16",
                 device: int = 0) -> None:
        self._stream: TextStream | None = None
        self._model: Model | None = Model(os.fspath(path), context, threads, sequences,
                                          cache_type, device)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the model; nothing else can be asked then."""
        if self._stream:
            self._stream.close()
        self._stream = self._model = None

    @property
    def _running(self) -> Model:
        if self._model is None:
            raise ValueError("the program is closed")
        return self._model

    @property
    def entries(self) -> list[str]:
        """What it can be asked for; the first is the default."""
        return self._running.entries

    def outputs(self, entry: str | None = None) -> dict[str, int]:
        """The numbers of a row of each of an entry's outputs."""
        self._check(entry)
        return self._running.outputs(entry or self.entries[0])

    @property
    def vocabulary(self) -> int:
        """How many logits a token has."""
        return self._running.vocabulary

    @property
    def context(self) -> int:
        """How many positions a sequence can hold."""
        return self._running.context

    @property
    def cache_bytes(self) -> int:
        """What the cached keys and values take."""
        return self._running.cache_bytes

    def tokenize(self, text: str, *, special: bool = False) -> npt.NDArray[np.int32]:
        """Ids of a text, with the beginning-of-text token if the model wants one.

        `special`: control tokens written out in it are such. Not for others' texts.
        """
        return np.array(self._running.tokenize(text, special), np.int32)

    def tokenize_pair(self, first: str, second: str, *, special: bool = False
                      ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Ids of two texts that are read together, and the type of each, for `run`."""
        tokens, types = self._running.tokenize_pair(first, second, special)
        return np.array(tokens, np.int32), np.array(types, np.int32)

    def chat_tokens(self, messages: Sequence[Mapping[str, Any]], *,
                    tools: Sequence[Mapping[str, Any]] | None = None,
                    variables: Mapping[str, Any] | None = None,
                    special: bool = False) -> npt.NDArray[np.int32]:
        """Ids of the prompt that the model's chat template makes of messages.

        Messages and tools are as OpenAI has them: {"role": "user", "content": "Hello"}.
        `variables` are the template's own, as {"enable_thinking": False}; `special` is
        as in `tokenize`, for what stands in messages.
        """
        def text(part: Any) -> str:
            return "" if part is None else json.dumps(part)
        made = self._running.chat_tokens(json.dumps(messages), text(tools), text(variables), special)
        return np.array(made, np.int32)

    def detokenize(self, tokens: Ids) -> str:
        """The text of ids; what is no whole character becomes U+FFFD."""
        return self._running.detokenize(_ids(tokens)).decode("utf-8", errors="replace")

    def is_end(self, token: int) -> bool:
        """Whether the model says with it that its text ends."""
        return self._running.is_end(int(token))

    def _check(self, entry: str | None) -> None:
        if entry is not None and entry not in self.entries:
            raise ValueError(f"there is no entry '{entry}'; this model has "
                             + ", ".join(self.entries))

    def run(self, tokens: Ids, *, entry: str | None = None, types: Ids | None = None,
            positions: Ids | None = None, sequences: Ids | None = None,
            selected: Ids | None = None, places: npt.ArrayLike | None = None,
            last: int = 1) -> dict[str, npt.NDArray[np.float32]]:
        """Reads tokens and gives each output of an entry, [rows, width].

        Token i is of type types[i] (None: 0), at positions[i] (None: behind what its
        sequence holds) of sequences[i] (None: 0). Rows are those of the tokens that `selected` numbers,
        or else of the `last` ones, of every token, or of sequences, as the entry
        has it. Where a model's rotations have axes, a token is at places[:, i], its
        time, height and width (None: behind the largest of its sequence).
        """
        self._check(entry)
        if places is not None:
            places = np.asarray(places, np.int32)
            if places.ndim != 2 or len(places) != 3:
                raise ValueError(f"places are [3, tokens], not {list(places.shape)}")
            places = places.reshape(-1).tolist()
        given = [None if numbers is None else _ids(numbers)
                 for numbers in (types, positions, sequences, selected)]
        return self._running.run(entry or self.entries[0], _ids(tokens), places, *given, last)

    def step(self, tokens: Ids, **options: Any) -> npt.NDArray[np.float32]:
        """`run` for an entry that gives logits: those, [rows, vocabulary]."""
        outputs = self.run(tokens, **options)
        if "logits" not in outputs:
            raise ValueError("the entry gives no logits, but " + ", ".join(outputs))
        return outputs["logits"]

    def embed(self, texts: str | Sequence[str], *,
              entry: str = "embed") -> npt.NDArray[np.float32]:
        """A vector of a text, or [texts, width]. Forgets what sequence 0 holds."""
        if isinstance(texts, str):
            return self.embed([texts], entry=entry)[0]
        rows = []
        for text in texts:
            self.reset()
            rows.append(self.run(self.tokenize(text), entry=entry)["embedding"][0])
        self.reset()
        return np.stack(rows) if rows else np.empty((0, self.outputs(entry)["embedding"]),
                                                    np.float32)

    def reset(self, sequence: int = 0) -> None:
        """Forgets what a sequence holds."""
        self._running.reset(sequence)

    def fork(self, source: int, target: int) -> None:
        """Lets a sequence hold what another holds, in place of its own."""
        self._running.fork(source, target)

    def length(self, sequence: int = 0) -> int:
        """How many positions a sequence holds."""
        return self._running.length(sequence)

    @overload
    def generate(self, prompt: str | Ids, *, stream: Literal[False] = False,
                 **options: Any) -> str: ...

    @overload
    def generate(self, prompt: str | Ids, *, stream: Literal[True],
                 **options: Any) -> TextStream: ...

    def generate(self, prompt: str | Ids, *, max_tokens: int = 256, temperature: float = 0,
                 top_k: int = 0, top_p: float = 1, min_p: float = 0, repeat_penalty: float = 1,
                 seed: int | None = None, special: bool = False, grammar: str | None = None,
                 json_schema: str | Mapping[str, Any] | None = None,
                 stream: bool = False) -> str | TextStream:
        """Continues a text by up to `max_tokens` tokens, until the model ends it.

        Without a temperature the most probable token is taken, always. A grammar, in
        GBNF, or a JSON schema says what the continuation has to be. With `stream` its
        parts come as they are made. Uses sequence 0, which holds the text afterwards.
        """
        if grammar is not None and json_schema is not None:
            raise ValueError("grammar and json_schema exclude each other")
        if isinstance(json_schema, Mapping):
            json_schema = json.dumps(json_schema)
        if max_tokens < 0:
            raise ValueError("max_tokens must not be negative")
        if self._stream:
            self._stream.close()
        tokens = self.tokenize(prompt, special=special).tolist() if isinstance(prompt, str) \
            else _ids(prompt)
        if not tokens:
            raise ValueError("the prompt is empty; the model needs at least one token")
        self.reset()
        if len(tokens) > 1:
            self.run(tokens[:-1])
        room = self.context - len(tokens) + 1
        if max_tokens > room > 0:
            max_tokens = room
        seed = secrets.randbits(63) if seed is None else seed
        made = Stream(self._running, tokens[-1], max_tokens, temperature, top_k, top_p, min_p,
                      repeat_penalty, seed, grammar or "", json_schema or "")
        self._stream = TextStream(made)
        return self._stream if stream else "".join(self._stream)
