"""The pages that are generated: one entry here for each file of docs/ that nobody writes by hand."""

from __future__ import annotations

from synproof.engine.ledger import Page

from . import claims_page, coverage_page, fairness_page, hazards_page, rfc_text_page, two_msl_page, why_page

__all__ = ["PAGES"]

PAGES: tuple[Page, ...] = (
    claims_page.PAGE, hazards_page.PAGE, rfc_text_page.PAGE, two_msl_page.PAGE, why_page.PAGE, fairness_page.PAGE,
    coverage_page.PAGE,
)  # fmt: skip
