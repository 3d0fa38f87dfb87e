"""Streams that are copied as they are: what the new container can hold of them."""

import io
import math
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from fastnst.machine import load_library
from fastnst.video.animation import AnimationReader
from fastnst.video.decoding import ALPHA_TAG
from fastnst.video.formats import open_video, reading
from fastnst.video.reader import VideoReader
from fastnst.video.streams import codec_name

if TYPE_CHECKING:
    from av import Packet
    from av.container import OutputContainer
    from av.stream import Stream

# what a container says of itself; the new one says its own, and has no transparency
NOT_KEPT = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", ALPHA_TAG}
)
# statistics that mkvmerge tells of a stream, which are of another file once it is cut or painted
STATISTICS = ("bps", "number_of_", "_statistics_", "duration-")
SEARCHED = 1000  # packets among which one of each stream to copy is looked for


class Copies:
    """Copies of all streams but the painted one, in a container that has not begun yet.

    Args:
        container: to write.
        path: its file.
        reader: of the source.
        notice: told in a sentence what the container cannot hold.
    """

    def __init__(
        self,
        container: "OutputContainer",
        path: Path,
        reader: VideoReader | AnimationReader,
        notice: Callable[[str], None],
    ) -> None:
        self._av = load_library("av")
        self._container, self._notice = container, notice
        self._path, self._kind = reader.path, path.suffix[1:]
        self._copies: dict[int, Stream] = {}
        self._sent: dict[int, int] = {}  # the last stamp of each
        self._refused: set[int] = set()
        packets = _first_packets(reader) if reader.others else {}
        for stream in reader.others:
            self._add(stream, packets.get(stream.index))

    def write(self, packet: "Packet[Stream]") -> None:
        """Write a packet, if its stream is copied.

        Containers refuse stamps that do not go on: those are made to, or the packet is left out.
        """
        source = packet.stream
        copy = self._copies.get(source.index)
        if copy is None:
            return
        if packet.dts is not None and packet.time_base:
            last = self._sent.get(copy.index, packet.dts - 1)
            if source.type == "subtitle":  # of which several may begin at once
                packet.dts = max(packet.dts, last)
            elif packet.dts <= last:
                # a step in the new container's unit too
                packet.dts = last + max(1, math.ceil((copy.time_base or 0) / packet.time_base))
            self._sent[copy.index] = packet.dts
            packet.pts = packet.dts if packet.pts is None else max(packet.pts, packet.dts)
        packet.stream = copy
        try:
            self._container.mux(packet)
        except self._av.ArgumentError:
            if source.index not in self._refused:
                self._refused.add(source.index)
                self._notice(
                    f"{self._path}: parts of its {source.type} ({codec_name(source)}) that "
                    f"{self._kind} refuses are left out."
                )

    def _add(self, stream: "Stream", packet: "Packet[Stream] | None") -> None:
        if not self._can_hold(stream, packet):
            self._notice(
                f"{self._path}: {self._kind} cannot hold its {stream.type} "
                f"({codec_name(stream)}), which is left out."
            )
            return
        copy = self._container.add_stream_from_template(stream, opaque=True)
        copy.disposition = stream.disposition
        copy.metadata.update(kept(stream.metadata))
        self._copies[stream.index] = copy

    def _can_hold(self, stream: "Stream", packet: "Packet[Stream] | None") -> bool:
        """Try it in a container that is thrown away: there are streams that are refused only when
        the header, a packet, or the end of the file is written."""
        try:
            with self._av.open(io.BytesIO(), "w", format=self._container.format.name) as trial:
                copy = trial.add_stream_from_template(stream, opaque=True)
                trial.start_encoding()
                if packet is not None:
                    packet.stream, packet.pts, packet.dts = copy, 0, 0
                    trial.mux(packet)
        except (ValueError, self._av.FFmpegError):
            return False
        return True


def kept(metadata: dict[str, str]) -> dict[str, str]:
    """What a container or a stream says of itself, as far as that is so of a painted one."""
    return {
        key: value
        for key, value in metadata.items()
        if key.lower() not in NOT_KEPT and not key.lower().startswith(STATISTICS)
    }


def _first_packets(reader: VideoReader | AnimationReader) -> dict[int, "Packet[Stream]"]:
    """A packet of each stream to copy, by its index, as far as there is one soon."""
    found: dict[int, Packet[Stream]] = {}
    with reading(reader.path), open_video(reader.path) as container:
        for packet in islice(container.demux(), SEARCHED):
            if packet.size:
                found.setdefault(packet.stream.index, packet)
            if all(stream.index in found for stream in reader.others):
                break
    return found
