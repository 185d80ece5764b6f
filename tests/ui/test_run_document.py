"""A run as a document of the main area."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import LabPage


def test_document_opens(lab_page: LabPage) -> None:
    lab_page.open()
    run_id = lab_page.submit("print('hello')")
    lab_page.open_run(run_id)
    lab_page.page.get_by_role("tab", name="Overview", selected=True).wait_for()
    lab_page.shot("run-document")
