"""A large file to S3, part by part; what has arrived is not sent again (floor: datastores; blocks).

The id of the upload is written down before its first part goes, so that a killed server, when it is
back, asks S3 which parts it has. The object appears when all are there.

Source: the S3 API reference, CreateMultipartUpload, UploadPart, ListParts.
"""

from __future__ import annotations

import mimetypes
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jupyter_exec.datastores.store import Store
    from jupyter_exec.datastores.work import Work

PART_BYTES = 8 * 2**20
_MOST_PARTS = 10_000
_PROTOCOLS = {"s3", "s3a"}


def goes_in_parts(store: Store, size: int) -> bool:
    """Tell whether a file is worth it."""
    return store.described.protocol in _PROTOCOLS and size > 2 * PART_BYTES


class PartsUpload:
    """One file on its way.

    Args:
        name: in the store.
        what: told in the log where a part has to be tried again.
        moved: gets the number of bytes, as they go.
    """

    def __init__(
        self, store: Store, source: Path, name: str, what: str, moved: Callable[[int], None]
    ) -> None:
        self._fs = store.filesystem
        self._source = source
        self._what = what
        self._moved = moved
        self._path = store.path(name)
        bucket, key, _ = self._fs.split_path(self._path)
        self._where = {"Bucket": bucket, "Key": key}
        self._size = source.stat().st_size
        # Every part but the last has this size, also when it is gone on with.
        self._step = max(PART_BYTES, -(-self._size // _MOST_PARTS))

    def run(self, begun: str | None, note: Callable[[str], None], work: Work) -> None:
        """Send what is missing.

        Args:
            begun: id of an upload of this very file that was cut short.
            note: gets the id of the upload before anything is sent.

        Raises:
            Exception: whatever S3 raises, once trying again does not help; nothing is left there.
        """
        parts = self._there(begun) if begun is not None else None
        if begun is None or parts is None:
            begun, parts = self._begin(), {}
            note(begun)
        elif parts:
            work.say(f"{self._what}: {len(parts)} parts are there already")
        upload = {**self._where, "UploadId": begun}
        try:
            self._send(upload, parts, work)
            listed = [{"PartNumber": number, "ETag": parts[number]} for number in sorted(parts)]
            whole = {"Parts": listed}
            self._fs.call_s3("complete_multipart_upload", **upload, MultipartUpload=whole)
        except Exception:
            self._fs.call_s3("abort_multipart_upload", **upload)
            raise
        self._fs.invalidate_cache(self._path)

    def _begin(self) -> str:
        kind, _ = mimetypes.guess_type(self._source)
        more = {"ContentType": kind} if kind else {}
        answer = self._fs.call_s3("create_multipart_upload", **self._where, **more)
        return str(answer["UploadId"])

    def _there(self, upload_id: str) -> dict[int, str] | None:
        """Return number -> ETag of the parts that S3 has whole; None where it has forgotten all."""
        found: dict[int, str] = {}
        marker = 0
        while True:
            try:
                answer = self._fs.call_s3(
                    "list_parts", **self._where, UploadId=upload_id, PartNumberMarker=marker
                )
            except FileNotFoundError:  # ended, or cleared away by a lifecycle rule
                return None
            for part in answer.get("Parts", ()):
                number = int(part["PartNumber"])
                if part["Size"] == self._length(number):
                    found[number] = part["ETag"]
                    self._moved(part["Size"])
            if not answer.get("IsTruncated"):
                return found
            marker = int(answer["NextPartNumberMarker"])

    def _length(self, number: int) -> int:
        return min(self._step, self._size - (number - 1) * self._step)

    def _send(self, upload: Mapping[str, Any], parts: dict[int, str], work: Work) -> None:
        """Send the parts that are missing, several at a time; adds them to `parts`."""
        count = -(-self._size // self._step)
        missing = [number for number in range(1, count + 1) if number not in parts]
        going = {number: work.blocks.submit(self._part, upload, number, work) for number in missing}
        try:
            for number, future in going.items():
                parts[number] = future.result()
        finally:
            for future in going.values():
                future.cancel()
            wait(going.values())

    def _part(self, upload: Mapping[str, Any], number: int, work: Work) -> str:
        with self._source.open("rb") as file:
            file.seek((number - 1) * self._step)
            content = file.read(self._length(number))

        def once() -> str:
            answer = self._fs.call_s3("upload_part", **upload, PartNumber=number, Body=content)
            return str(answer["ETag"])

        etag = work.patience.call(f"{self._what}: part {number}", once)
        self._moved(len(content))
        return etag
