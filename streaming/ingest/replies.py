"""What our RTMP server says to a publisher (Adobe, RTMP 1.0, section 7), as bytes to send."""

import struct

from streaming.ingest import amf, chunks
from streaming.ingest.amf import Value

STREAM = 1  # the one message stream that we give out
WINDOW = 2_500_000  # bytes between acknowledgements
DYNAMIC = 2  # the kind of limit in Set Peer Bandwidth
# ffmpeg takes over the chunk size of its server, and its own of 128 bytes costs us dearly.
CHUNK_SIZE = 65_536  # bytes, of all that follows the answer to "connect"

CONTROL_CHANNEL, COMMAND_CHANNEL = 2, 3
STREAM_BEGIN, PING_REQUEST, PING_RESPONSE = 0, 6, 7  # user control events

# What Enhanced RTMP may bring: H.264 and sound as they are, other pictures for the ladder.
VIDEO = ("avc1", "hvc1", "av01", "vp09", "vp08")
SOUND = ("mp4a", "Opus", ".mp3", "ac-3", "ec-3", "fLaC")
CAN_DECODE = 1.0
ENHANCED: dict[str, Value] = {
    "fourCcList": [*VIDEO, *SOUND],
    "videoFourCcInfoMap": dict.fromkeys(VIDEO, CAN_DECODE),
    "audioFourCcInfoMap": dict.fromkeys(SOUND, CAN_DECODE),
    "capsEx": 0.0,  # neither to be sent elsewhere, nor several tracks
}


def connected(transaction: float, *, enhanced: bool) -> bytes:
    """`enhanced` says that the publisher has told which FourCCs it knows."""
    # Enhanced RTMP leaves open which of the two objects its properties go into.
    more = ENHANCED if enhanced else {}
    properties: Value = {"fmsVer": "FMS/3,5,7,7009", "capabilities": 31.0, **more}
    information: Value = {
        "level": "status",
        "code": "NetConnection.Connect.Success",
        "description": "Connection succeeded.",
        "objectEncoding": 0.0,  # AMF0, also to who would rather have AMF3
        **more,
    }
    return (
        _control(chunks.WINDOW_ACKNOWLEDGEMENT_SIZE, struct.pack(">I", WINDOW))
        + _control(chunks.SET_PEER_BANDWIDTH, struct.pack(">IB", WINDOW, DYNAMIC))
        + _control(chunks.SET_CHUNK_SIZE, struct.pack(">I", CHUNK_SIZE))
        + _command("_result", transaction, properties, information)
    )


def stream_created(transaction: float) -> bytes:
    return _command("_result", transaction, None, float(STREAM))


def noted(transaction: float, value: Value = None) -> bytes:
    """The answer to what needs none: some encoders wait for it all the same."""
    return _command("_result", transaction, None, value)


def started() -> bytes:
    begin = _control(chunks.USER_CONTROL, struct.pack(">HI", STREAM_BEGIN, STREAM))
    return begin + _status("status", "NetStream.Publish.Start", "À vous.")


def refused(code: str, description: str) -> bytes:
    """`description` is for the publisher's user; `code` one of NetStream's."""
    return _status("error", code, description)


def acknowledged(received: int) -> bytes:
    return _control(chunks.ACKNOWLEDGEMENT, struct.pack(">I", received & 0xFFFFFFFF))


def pong(ping: bytes) -> bytes:
    return _control(chunks.USER_CONTROL, struct.pack(">H", PING_RESPONSE) + ping)


def _status(level: str, code: str, description: str) -> bytes:
    information: Value = {"level": level, "code": code, "description": description}
    return _command("onStatus", 0.0, None, information, stream=STREAM)


def _command(name: str, *values: Value, stream: int = 0) -> bytes:
    body = amf.encode(name, *values)
    return chunks.write(COMMAND_CHANNEL, chunks.COMMAND, stream, body, CHUNK_SIZE)


def _control(kind: int, body: bytes) -> bytes:
    return chunks.write(CONTROL_CHANNEL, kind, 0, body)
