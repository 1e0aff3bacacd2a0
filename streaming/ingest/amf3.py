"""AMF3, read only (Adobe, Action Message Format -- AMF 3, 2013): what an AMF0 value may switch to.

Encoders use it for whole objects at most: a reference to an object that was sent before is read as
None. Depth and counts are bounded, and shared with the AMF0 around it.
"""

import struct
from typing import NamedTuple, TypeAlias

from streaming.ingest import Malformed

Value: TypeAlias = "bool | float | str | dict[str, Value] | list[Value] | None"

DEPTH = 8  # containers in containers
VALUES = 512  # in one message

# Markers; vectors and dictionaries are not for encoders.
UNDEFINED, NULL, FALSE, TRUE, INTEGER, DOUBLE, STRING = range(7)
XML_DOCUMENT, DATE, ARRAY, OBJECT, XML, BYTES = range(7, 13)


class _Traits(NamedTuple):
    """The shape of an object: the names of its fixed members, and whether others follow."""

    names: list[str]
    dynamic: bool


class Reader:
    """Reads values from `at` on; `left` is how many values there may be."""

    def __init__(self, data: bytes, at: int, left: int) -> None:
        self.at = at
        self.left = left
        self._data = data
        self._texts: list[str] = []
        self._traits: list[_Traits] = []

    def value(self, depth: int) -> Value:
        """The next value; bytes and dates as in `amf.decode`. Raises Malformed."""
        self.left -= 1
        if self.left < 0 or depth > DEPTH:
            raise Malformed("AMF: too many values")
        marker = self._take(1)[0]
        if marker <= TRUE:
            return (None, None, False, True)[marker]
        if marker == INTEGER:
            number = self._integer()
            return float(number - (1 << 29) if number >> 28 else number)
        if marker == DOUBLE:
            return self._double()
        if marker == STRING:
            return self._text()
        if XML_DOCUMENT <= marker <= BYTES:
            return self._referable(marker, depth)
        raise Malformed(f"AMF3: unknown type {marker}")

    def _referable(self, marker: int, depth: int) -> Value:
        head = self._integer()
        if not head & 1:
            return None  # sent before
        size = head >> 1
        if marker == DATE:
            return self._double()
        if marker == ARRAY:
            return self._array(size, depth)
        if marker == OBJECT:
            return self._object(size, depth)
        return self._take(size).decode("utf-8", "replace")  # XML, or bytes

    def _array(self, count: int, depth: int) -> Value:
        pairs = self._pairs(depth)
        if count > self.left:
            raise Malformed("AMF: too many values")
        values = [self.value(depth + 1) for _ in range(count)]
        if not pairs:
            return values
        return pairs | {str(index): value for index, value in enumerate(values)}

    def _object(self, head: int, depth: int) -> Value:
        traits = self._shape(head)
        values = {name: self.value(depth + 1) for name in traits.names}
        return values | self._pairs(depth) if traits.dynamic else values

    def _shape(self, head: int) -> _Traits:
        if not head & 1:
            if head >> 1 >= len(self._traits):
                raise Malformed("AMF3: a reference to nothing")
            return self._traits[head >> 1]
        if head & 2:
            raise Malformed("AMF3: an object that only its class can read")
        self._text()  # the name of its class
        count = head >> 3
        if count > self.left:
            raise Malformed("AMF: too many values")
        traits = _Traits([self._text() for _ in range(count)], bool(head & 4))
        self._traits.append(traits)
        return traits

    def _pairs(self, depth: int) -> "dict[str, Value]":
        pairs: dict[str, Value] = {}
        while name := self._text():
            pairs[name] = self.value(depth + 1)
        return pairs

    def _text(self) -> str:
        head = self._integer()
        if head & 1:
            text = self._take(head >> 1).decode("utf-8", "replace")
            if text:
                self._texts.append(text)
            return text
        if head >> 1 >= len(self._texts):
            raise Malformed("AMF3: a reference to nothing")
        return self._texts[head >> 1]

    def _double(self) -> float:
        (number,) = struct.unpack(">d", self._take(8))
        return float(number)

    def _integer(self) -> int:
        """An unsigned integer of 29 bits (1.3.1): seven a byte, and all eight of a fourth."""
        number = 0
        for _ in range(3):
            byte = self._take(1)[0]
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        return number << 8 | self._take(1)[0]

    def _take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self._data):
            raise Malformed("AMF: cut short")
        taken, self.at = self._data[self.at : end], end
        return taken
