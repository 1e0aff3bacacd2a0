"""H.264 sequence parameter sets (ITU-T H.264, 7.3.2.1.1): what they say of the picture."""

from typing import NamedTuple

from streaming.errors import UnsupportedMedia

SPS = 7  # nal_unit_type
PARAMETER_SET_LIMIT = 4096  # bytes: real ones have less than a hundred
# Profiles whose SPS tells the chroma format.
HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})


class SpsInfo(NamedTuple):
    """What a sequence parameter set says of the picture."""

    profile: int
    constraints: int  # the byte of constraint_set flags
    level: int  # ten times the level: 31 is 3.1
    width: int
    height: int
    chroma_format: int  # 1 is 4:2:0
    bit_depth: int
    interlaced: bool
    reorder_frames: int | None  # frames shown out of order at most; None when it is not said

    @property
    def may_reorder(self) -> bool:
        """Whether B-frames are possible: pts may differ from dts."""
        return self.profile != 66 if self.reorder_frames is None else self.reorder_frames > 0


def parse_sps(sps: bytes) -> SpsInfo:
    """Read a sequence parameter set (7.3.2.1.1), header byte included. Raises UnsupportedMedia."""
    if len(sps) < 4 or len(sps) > PARAMETER_SET_LIMIT or sps[0] & 31 != SPS:
        raise UnsupportedMedia("not an H.264 sequence parameter set")
    try:
        return _read_sps(_Bits(sps[1:].replace(b"\0\0\3", b"\0\0")))
    except IndexError as error:
        raise UnsupportedMedia("an H.264 sequence parameter set cut short") from error


def _read_sps(bits: "_Bits") -> SpsInfo:
    profile, constraints, level = bits.unsigned(8), bits.unsigned(8), bits.unsigned(8)
    bits.golomb()  # seq_parameter_set_id
    chroma, depth = 1, 8
    if profile in HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.unsigned(1)
        depth = 8 + bits.golomb()
        bits.golomb()  # bit_depth_chroma_minus8
        bits.unsigned(1)  # qpprime_y_zero_transform_bypass_flag
        if bits.unsigned(1):
            for index in range(8 if chroma != 3 else 12):
                if bits.unsigned(1):
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.golomb()  # log2_max_frame_num_minus4
    order_type = bits.golomb()
    if order_type == 0:
        bits.golomb()
    elif order_type == 1:
        bits.unsigned(1)
        bits.signed_golomb()
        bits.signed_golomb()
        for _ in range(bits.golomb()):
            bits.signed_golomb()
    bits.golomb()  # max_num_ref_frames
    bits.unsigned(1)
    width, map_height = 16 * (bits.golomb() + 1), bits.golomb() + 1
    frames_only = bits.unsigned(1)
    height = 16 * map_height * (2 - frames_only)
    if not frames_only:
        bits.unsigned(1)
    bits.unsigned(1)  # direct_8x8_inference_flag
    if bits.unsigned(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        across = 2 if chroma in (1, 2) else 1
        down = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= across * (left + right)
        height -= down * (top + bottom)
    if not 16 <= width <= 8192 or not 16 <= height <= 8192 or chroma > 3 or depth > 14:
        raise UnsupportedMedia(f"an H.264 picture of {width} × {height}")
    # In picture order type 2, and in constrained sets (E.2.1), output order is decoding order.
    reorder = 0 if order_type == 2 or profile == 66 else _reorder_frames(bits)
    return SpsInfo(
        profile, constraints, level, width, height, chroma, depth, not frames_only, reorder
    )


def _reorder_frames(bits: "_Bits") -> int | None:
    """Read max_num_reorder_frames from the VUI (E.1.1), if it is there."""
    try:
        if not bits.unsigned(1):
            return None
        if bits.unsigned(1) and bits.unsigned(8) == 255:  # aspect ratio
            bits.unsigned(32)
        if bits.unsigned(1):  # overscan
            bits.unsigned(1)
        if bits.unsigned(1):  # video signal
            bits.unsigned(4)
            if bits.unsigned(1):
                bits.unsigned(24)
        if bits.unsigned(1):  # chroma location
            bits.golomb()
            bits.golomb()
        if bits.unsigned(1):  # timing
            bits.unsigned(65)
        hrd = 0
        for _ in range(2):
            if bits.unsigned(1):
                hrd = 1
                _skip_hrd(bits)
        if hrd:
            bits.unsigned(1)
        bits.unsigned(1)  # pic_struct_present_flag
        if not bits.unsigned(1):  # bitstream_restriction_flag
            return None
        bits.unsigned(1)
        for _ in range(4):
            bits.golomb()
        return bits.golomb()
    except IndexError:
        return None  # some encoders cut the VUI; the picture is known all the same


def _skip_hrd(bits: "_Bits") -> None:
    count = bits.golomb() + 1
    bits.unsigned(8)
    for _ in range(count):
        bits.golomb()
        bits.golomb()
        bits.unsigned(1)
    bits.unsigned(20)


def _skip_scaling_list(bits: "_Bits", size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


class _Bits:
    """Reads a bit string from the left. Raises IndexError at its end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def unsigned(self, count: int) -> int:
        if count > self._left:
            raise IndexError("no bits left")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def golomb(self) -> int:
        """An Exp-Golomb code (9.1), at most 32 bits of it."""
        zeros = 0
        while not self.unsigned(1):
            zeros += 1
            if zeros > 31:
                raise IndexError("not an Exp-Golomb code")
        return (1 << zeros) - 1 + self.unsigned(zeros)

    def signed_golomb(self) -> int:
        code = self.golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)
