"""AMF0, the encoding of RTMP's commands (Adobe, Action Message Format -- AMF 0, 2007).

Publishers are strangers until their key is read: depth, counts and lengths are bounded.
"""

import struct
from collections.abc import Mapping
from enum import IntEnum

from streaming.ingest import Malformed, amf3
from streaming.ingest.amf3 import DEPTH, VALUES
from streaming.ingest.amf3 import Value as Value


class Type(IntEnum):
    """The marker byte before a value; those of Flash's own objects are left out."""

    NUMBER = 0
    BOOLEAN = 1
    STRING = 2
    OBJECT = 3
    NULL = 5
    UNDEFINED = 6
    REFERENCE = 7
    ECMA_ARRAY = 8
    OBJECT_END = 9
    STRICT_ARRAY = 10
    DATE = 11
    LONG_STRING = 12
    UNSUPPORTED = 13
    XML_DOCUMENT = 15
    TYPED_OBJECT = 16
    AVMPLUS = 17  # one value in AMF3 follows


def decode(data: bytes) -> list[Value]:
    """The values of a message, one after the other. Raises Malformed.

    A date is its milliseconds since the epoch; XML is its text; what has no value, or was sent
    before and is only referred to, is None.
    """
    reader = _Reader(data)
    values = []
    while not reader.ended:
        values.append(reader.value(0))
    return values


def encode(*values: Value) -> bytes:
    return b"".join(map(_encode, values))


def _encode(value: Value) -> bytes:
    match value:
        case None:
            return bytes((Type.NULL,))
        case bool():
            return bytes((Type.BOOLEAN, value))
        case float() | int():
            return struct.pack(">Bd", Type.NUMBER, value)
        case str():
            text = value.encode()
            if len(text) <= 0xFFFF:
                return struct.pack(">BH", Type.STRING, len(text)) + text
            return struct.pack(">BI", Type.LONG_STRING, len(text)) + text
        case dict():
            return bytes((Type.OBJECT,)) + _encode_pairs(value)
        case list():
            return struct.pack(">BI", Type.STRICT_ARRAY, len(value)) + encode(*value)


def _encode_pairs(pairs: Mapping[str, Value]) -> bytes:
    named = (_encode(name)[1:] + _encode(value) for name, value in pairs.items())
    return b"".join(named) + bytes((0, 0, Type.OBJECT_END))


class _Reader:
    """Reads values from the left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._left = VALUES

    @property
    def ended(self) -> bool:
        return self._at >= len(self._data)

    def value(self, depth: int) -> Value:
        self._left -= 1
        if self._left < 0 or depth > DEPTH:
            raise Malformed("AMF: too many values")
        marker = self._integer(1)
        match marker:
            case Type.NUMBER:
                return self._number()
            case Type.BOOLEAN:
                return self._integer(1) != 0
            case Type.STRING:
                return self._text(2)
            case Type.OBJECT:
                return self._pairs(depth)
            case Type.NULL | Type.UNDEFINED | Type.UNSUPPORTED:
                return None
            case Type.REFERENCE:
                self._integer(2)
                return None
            case Type.ECMA_ARRAY:
                self._integer(4)  # a count that encoders get wrong
                return self._pairs(depth)
            case Type.STRICT_ARRAY:
                count = self._integer(4)
                if count > self._left:
                    raise Malformed("AMF: too many values")
                return [self.value(depth + 1) for _ in range(count)]
            case Type.DATE:
                date = self._number()
                self._integer(2)  # a time zone that must be zero
                return date
            case Type.LONG_STRING | Type.XML_DOCUMENT:
                return self._text(4)
            case Type.TYPED_OBJECT:
                self._text(2)
                return self._pairs(depth)
            case Type.AVMPLUS:
                return self._switch(depth)
        raise Malformed(f"AMF: unknown type {marker}")

    def _switch(self, depth: int) -> Value:
        reader = amf3.Reader(self._data, self._at, self._left)
        value = reader.value(depth + 1)
        self._at, self._left = reader.at, reader.left
        return value

    def _pairs(self, depth: int) -> dict[str, Value]:
        pairs: dict[str, Value] = {}
        while True:
            name = self._text(2)
            if not name and self._peek() == Type.OBJECT_END:
                self._at += 1
                return pairs
            pairs[name] = self.value(depth + 1)

    def _number(self) -> float:
        (number,) = struct.unpack(">d", self._take(8))
        return float(number)

    def _text(self, size: int) -> str:
        return self._take(self._integer(size)).decode("utf-8", "replace")

    def _integer(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _peek(self) -> int:
        return -1 if self.ended else self._data[self._at]

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise Malformed("AMF: cut short")
        taken, self._at = self._data[self._at : end], end
        return taken
