"""Pictures: made anew in another process, bounded, named by what is in them, gone when unused."""

import asyncio
import io
import os
import resource
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

from engagement.origin import Trust
from tv.problems import Problem
from tv.wall.naming import size
from tv.wall.pictures import AT_A_TIME, COMING, MOST, UNUSED, WAITING, Pictures
from tv.wall.reencode import PIXELS, SIDE, NoPicture, TooLarge, reencode

SECRET = "appartement de Mme Dupont"


def drawn(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **more: object
) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, (220, 30, 30))
    picture.paste((30, 30, 220), (size[0] // 2, 0, *size))
    written = io.BytesIO()
    picture.convert(mode).save(written, kind, **more)
    return written.getvalue()


def seen(made: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(made))
    picture.load()
    return picture


def closest(picture: Image.Image, at: tuple[int, int]) -> str:
    pixel = picture.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return "red" if pixel[0] > pixel[2] else "blue"


def told_too_much() -> bytes:
    """A photo that says where it was taken, by which camera, and whose place it is."""
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif[0x0112] = 6  # to be turned a quarter
    exif.get_ifd(0x8825)[2] = (IFDRational(48), IFDRational(51), IFDRational(24))
    return drawn(exif=exif.tobytes(), comment=SECRET.encode(), xmp=f"<x>{SECRET}</x>".encode())


def test_nothing_is_left_but_pixels() -> None:
    given = told_too_much()
    assert given.count(SECRET.encode()) == 3
    made, _ = reencode(given)
    assert SECRET.encode() not in made
    picture = seen(made)
    assert not picture.getexif()
    assert set(picture.info) <= {
        *("jfif", "jfif_version", "jfif_unit", "jfif_density"),
        *("progressive", "progression"),
    }


def test_picture_is_turned_as_it_was_meant_to_be_seen() -> None:
    made, (width, height) = reencode(told_too_much())
    assert (width, height) == (480, 640)
    assert closest(seen(made), (240, 40)) == "red"
    assert closest(seen(made), (240, 600)) == "blue"


def test_picture_with_an_odd_word_about_the_camera_is_taken_all_the_same() -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET, 6
    odd = exif.tobytes().replace(b"\x01\x0e", b"\x01\x06")  # a number's tag, with words in it
    made, size = reencode(drawn(exif=odd))
    assert size == (480, 640)
    assert SECRET.encode() not in made


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
        *(("PNG", mode) for mode in ("1", "P", "LA", "RGBA")),
        *(("WEBP", "RGB"), ("WEBP", "RGBA"), ("GIF", "P")),
    ],
)
def test_every_kind_becomes_a_jpeg(kind: str, mode: str) -> None:
    made, size = reencode(drawn(kind, mode=mode))
    picture = seen(made)
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (640, 480))
    assert size == (640, 480)


def test_what_is_clear_becomes_white() -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(clear, "PNG")
    made, _ = reencode(clear.getvalue())
    assert seen(made).getpixel((4, 4)) == (255, 255, 255)


def test_colours_of_another_profile_stay_what_they_were() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made, _ = reencode(drawn("PNG", icc_profile=profile))
    assert closest(seen(made), (20, 20)) == "red"
    made, _ = reencode(drawn("PNG", icc_profile=b"no profile at all"))
    assert closest(seen(made), (20, 20)) == "red"


@pytest.mark.parametrize("size", [(4000, 300), (300, 4000), (2000, 2000)])
def test_large_picture_becomes_smaller(size: tuple[int, int]) -> None:
    made, (width, height) = reencode(drawn(size=size))
    assert max(width, height) == SIDE
    assert abs(width / height - size[0] / size[1]) < 0.15
    assert seen(made).size == (width, height)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    )


@pytest.mark.parametrize("side", [8_000, 12_000, 40_000, 2_000_000])
def test_bomb_of_pixels_is_not_unpacked(side: int) -> None:
    assert side * side > PIXELS
    with pytest.raises(TooLarge):
        reencode(bomb(side, side))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.4",
        bomb(600, 600),  # it has less in it than it says
        drawn()[: len(drawn()) // 2],
        drawn("TIFF"),
        drawn("BMP"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NoPicture):
        reencode(data)


SAMPLES = [drawn(kind, (32, 24)) for kind in ("JPEG", "PNG", "WEBP", "GIF")]


@settings(max_examples=150)
@given(st.sampled_from(SAMPLES), st.data())
def test_broken_bytes_make_a_picture_or_none(sample: bytes, data: st.DataObject) -> None:
    broken = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        made, size = reencode(bytes(broken))
    except (NoPicture, TooLarge):
        return
    assert seen(made).size == size


async def test_picture_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "wall")
    name = await pictures.add(told_too_much())
    assert size(name) == (480, 640)
    path = pictures.path(name)
    assert path is not None
    assert path.read_bytes() == reencode(told_too_much())[0]
    assert await pictures.add(told_too_much()) == name
    assert [file.name for file in path.parent.iterdir()] == [name]


@pytest.mark.parametrize(
    "name", ["../lock", "", "a.jpg", f"{'a' * 24}-10x10.jpg", f"{'a' * 24}-10x10.jpg/../x"]
)
def test_only_our_own_names_are_looked_for(tmp_path: Path, name: str) -> None:
    assert Pictures(tmp_path).path(name) is None


async def refusal(pictures: Pictures, data: bytes) -> tuple[int, str]:
    with pytest.raises(Problem) as refused:
        await pictures.add(data)
    return refused.value.status, refused.value.code


async def test_refusals_say_what_is_wrong(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    assert await refusal(pictures, b"not a picture") == (415, "no-picture")
    assert await refusal(pictures, bomb(40_000, 40_000)) == (413, "picture-too-large")
    assert os.listdir(tmp_path) == []


async def test_disk_that_takes_no_more_is_told_and_nothing_is_left_behind(tmp_path: Path) -> None:
    pictures, before = Pictures(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        assert await refusal(pictures, SAMPLES[0]) == (503, "pictures-not-kept")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == []
    assert await pictures.add(SAMPLES[0])


async def test_crowd_of_pictures_waits_or_is_sent_away(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    many = AT_A_TIME + WAITING
    tasks = [asyncio.create_task(pictures.add(SAMPLES[0])) for _ in range(many)]
    await asyncio.sleep(0)
    assert await refusal(pictures, SAMPLES[0]) == (503, "pictures-busy")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await pictures.add(SAMPLES[0])


def test_pictures_on_their_way_have_a_bound_together(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    with pictures.room(COMING - 100):
        with pictures.room(100), pytest.raises(Problem) as refused, pictures.room(1):
            pass
        assert (refused.value.status, refused.value.code) == (503, "pictures-busy")
    with pictures.room(COMING):
        pass


async def test_pictures_of_newcomers_leave_places_for_the_others(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    for number in range(MOST // 2):
        (tmp_path / f"{number}").touch()
    with pytest.raises(Problem) as refused:
        await pictures.add(SAMPLES[0], Trust.NEW)
    assert (refused.value.status, refused.value.code) == (409, "wall-full")
    assert await pictures.add(SAMPLES[0], Trust.SETTLED)
    for number in range(MOST // 2, MOST * 3 // 4):
        (tmp_path / f"{number}").touch()
    with pytest.raises(Problem):
        await pictures.add(SAMPLES[1], Trust.SETTLED)
    assert await pictures.add(SAMPLES[1], Trust.PRESENT)


async def test_pictures_of_newcomers_do_not_hold_up_those_of_others(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    many = (AT_A_TIME + WAITING) // 2
    tasks = [asyncio.create_task(pictures.add(SAMPLES[0], Trust.NEW)) for _ in range(many)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await pictures.add(SAMPLES[0], Trust.NEW)
    assert (refused.value.status, refused.value.code) == (503, "pictures-busy")
    assert await pictures.add(SAMPLES[0], Trust.SETTLED)
    await asyncio.gather(*tasks)
    with pictures.room(COMING // 2, Trust.NEW):
        with pytest.raises(Problem), pictures.room(1, Trust.NEW):
            pass
        with pictures.room(COMING // 4, Trust.SETTLED), pictures.room(COMING // 4):
            pass


def test_unused_pictures_go(tmp_path: Path) -> None:
    now = 1_000_000.0
    for name, age in (("used", UNUSED * 2), ("unused", UNUSED * 2), ("new", UNUSED / 2)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - age, now - age))
    Pictures(tmp_path).sweep({"used"}, now)
    assert {file.name for file in tmp_path.iterdir()} == {"used", "new"}
