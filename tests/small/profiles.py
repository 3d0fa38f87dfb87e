"""ICC profiles made from a few numbers."""

import struct

import numpy as np

SRGB = np.array(  # linear RGB -> XYZ, white D50
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169],
     [0.0139322, 0.0971045, 0.7141733]]
)  # fmt: skip
ADOBE = np.array(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)
WHITE = (0.9642, 1.0, 0.8249)


def rgb_profile(matrix: np.ndarray = ADOBE, gamma: float = 2.2) -> bytes:
    tags = {f"{c}XYZ": _xyz(matrix[:, i]) for i, c in enumerate("rgb")}
    return _profile(b"RGB ", b"XYZ ", tags | {f"{c}TRC": _gamma(gamma) for c in "rgb"})


def grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", b"XYZ ", {"kTRC": _gamma(gamma)})


def cmyk_profile(corners: np.ndarray) -> bytes:
    """`corners`: Lab as bytes, `(2, 2, 2, 2, 3)`, without and with each of the four inks."""
    head = struct.pack(">4s4x4B", b"mft1", 4, 3, 2, 0)
    matrix = b"".join(_fixed(one) for one in np.eye(3).ravel())
    line = bytes(range(256))
    lut = head + matrix + 4 * line + corners.astype(np.uint8).tobytes() + 3 * line
    return _profile(b"CMYK", b"Lab ", {"A2B0": lut, "A2B1": lut}, b"prtr")


def to_srgb(values: np.ndarray, matrix: np.ndarray, gamma: float) -> np.ndarray:
    """What `(..., 3)` bytes in the colours of `rgb_profile` are in sRGB, clipped."""
    linear = (values / 255) ** gamma @ (np.linalg.inv(SRGB) @ matrix).T
    return encode(linear)


def encode(linear: np.ndarray) -> np.ndarray:
    linear = linear.clip(0, 1)
    return 255 * np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(one) for one in values)


def _gamma(value: float) -> bytes:
    return struct.pack(">4s4xIH2x", b"curv", 1, round(value * 256))


def _profile(space: bytes, connection: bytes, tags: dict[str, bytes], kind=b"mntr") -> bytes:
    name = b"for tests\0"
    tags = tags | {
        "desc": struct.pack(">4s4xI", b"desc", len(name)) + name + b"\0" * 78,
        "cprt": b"text\0\0\0\0none\0",
        "wtpt": _xyz(WHITE),
    }
    table, content, start = b"", b"", 132 + 12 * len(tags)
    for key, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += struct.pack(">4sII", key.encode(), start + len(content), len(value))
        content += value
    head = struct.pack(">I4xI", start + len(content), 0x02100000) + kind + space + connection
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + b"".join(_fixed(one) for one in WHITE)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + content
