"""Tab after `%template` and `%%template` (floor: magics)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_exec.magics.completion import MAX_OFFERED, Offer, files
from jupyter_exec.magics.template.arguments import (
    BY_NAME,
    CREATE,
    LIST,
    SUBCOMMANDS,
    TEMPLATE,
    Subcommand,
)
from jupyter_exec.magics.words import Word, quote, split_unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_exec.magics.arguments import Option
    from jupyter_exec.magics.template.known import KnownTemplates

_KINDS = {"notebooks": {".ipynb"}, "scripts": {".py", ".sh", ".R", ".jl"}}
_YAML = {".yaml", ".yml"}
_IN_LIST = re.compile(r"^(?:\[|choice\().*?([^\[(,]*)$", re.DOTALL)


class Offers(NamedTuple):
    """What Tab offers.

    Attributes:
        fragment: the end of the line that an offer replaces.
    """

    fragment: str
    offers: list[Offer]


class TemplateCompleter:
    """Completes a line, from what is before the cursor.

    Args:
        known: what the server knows.
    """

    def __init__(self, known: KnownTemplates) -> None:
        self._known = known

    def complete(self, before: str) -> Offers:
        """Return what may stand at the end of `before`, the line up to the cursor."""
        magic, *words = split_unfinished(before)
        if not words:
            return Offers("", [])
        *earlier, word = words
        if not earlier:
            return self._first(magic.text, word)
        subcommand = BY_NAME.get(earlier[0].text)
        if subcommand is None:
            return Offers(word.raw, [])
        return self._after(subcommand, [each.text for each in earlier[1:]], word)

    def _first(self, magic: str, word: Word) -> Offers:
        cell = magic == CREATE
        words = [each.name for each in SUBCOMMANDS if each.cell == cell]
        offers = [Offer(text, "keyword") for text in words if text.startswith(word.raw)]
        if cell:
            return Offers(word.raw, offers)
        # The form of a template that is called like a subcommand has `form` before its name.
        names = [name for name in self._names(word) if name.text not in BY_NAME]
        return Offers(word.raw, [*offers, *names][:MAX_OFFERED])

    def _after(self, subcommand: Subcommand, earlier: Sequence[str], word: Word) -> Offers:
        options = {option.name: option for option in subcommand.options}
        places = _positional(earlier, options)
        template = places[0] if places else ""
        option, value = _option_of(options, earlier, word)
        if option is not None:
            return self._of_option(option, value, template)
        left = _left(options, earlier)
        if word.raw.startswith("-") or subcommand.name == LIST:
            return _fitting(word.raw, left, "keyword")
        if not places:
            return Offers(word.raw, self._names(word))
        if subcommand.name == "run":
            return self._assignment(template, places[1:], word, left)
        return self._further(subcommand, places, word, left)

    def _further(
        self, subcommand: Subcommand, places: Sequence[str], word: Word, left: Sequence[str]
    ) -> Offers:
        """Offer what may follow the name of a template."""
        if len(places) < len(subcommand.places.split()):
            if subcommand.name == "export":
                return _fitting(word.raw, files(word.raw, _YAML), "path")
            return _fitting(word.raw, self._versions(places[0]), "text")
        return _fitting(word.raw, left, "keyword")

    def _of_option(self, option: Option, word: Word, template: str) -> Offers:
        if option.completes in _KINDS:
            return _fitting(word.raw, files(word.raw, _KINDS[option.completes]), "path")
        found: Iterable[str] = option.choices
        if option.completes == "runs":
            found = self._known.runs()
        elif option.completes == "experiments":
            found = [quote(name) for name in self._known.experiments()]
        elif option.completes == "versions":
            found = self._versions(template)
        return _fitting(word.raw, found, "text")

    def _names(self, word: Word) -> list[Offer]:
        sign = word.raw[:1]
        return [
            Offer(f'"{template.name}"' if sign == '"' else _quoted(template.name, sign), "text")
            for template in self._known.templates(word.text)
        ][:MAX_OFFERED]

    def _versions(self, name: str) -> list[str]:
        template = self._known.template(name)
        return [str(number) for number in range(template.version, 0, -1)] if template else []

    def _assignment(
        self, name: str, given: Sequence[str], word: Word, options: Sequence[str]
    ) -> Offers:
        """Offer the parameters that are not given yet; after `lr=` their values."""
        template = self._known.template(name)
        parameters = {each["name"]: each for each in template.parameters} if template else {}
        left, equals, value = word.raw.partition("=")
        if equals:
            called = split_unfinished(left)[-1].text
            return _values(parameters.get(called, {}), value)
        used = {each.partition("=")[0] for each in given}
        offers = [
            Offer(f"{quote(parameter)}=", "param")
            for parameter in parameters
            if parameter not in used and parameter.startswith(word.text)
        ]
        more = [] if word.raw else [Offer(option, "keyword") for option in options]
        return Offers(word.raw, [*offers, *more][:MAX_OFFERED])


def _values(parameter: Mapping[str, Any], typed: str) -> Offers:
    """Offer the values of a parameter, also inside `[...]` and `choice(...)`."""
    if parameter.get("enum"):
        found = [each if isinstance(each, str) else json.dumps(each) for each in parameter["enum"]]
    elif parameter.get("type") == "boolean":
        found = ["true", "false"]
    else:
        default = parameter.get("value")
        found = [] if default in {None, ""} else [str(default)]
    inside = _IN_LIST.match(typed)
    if inside:
        return _fitting(inside[1].lstrip(), found, "text")
    return _fitting(typed, [quote(each) for each in found], "text")


def _option_of(
    options: Mapping[str, Option], earlier: Sequence[str], word: Word
) -> tuple[Option | None, Word]:
    """Return the option whose value is being typed, and what there is of it."""
    name, equals, value = word.raw.partition("=")
    if equals and name in options:
        return options[name], Word(value, value)
    last = options.get(earlier[-1]) if earlier else None
    return (last if last is not None and last.metavar else None), word


def _positional(earlier: Sequence[str], options: Mapping[str, Option]) -> list[str]:
    """Return the words that are neither options nor values of options."""
    places: list[str] = []
    value = False
    for word in earlier:
        if value:
            value = False
        elif word.startswith("-"):
            option = options.get(word)
            value = option is not None and bool(option.metavar)
        else:
            places.append(word)
    return places


def _left(options: Mapping[str, Option], words: Sequence[str]) -> list[str]:
    used = {word.partition("=")[0] for word in words}
    return [name for name, option in options.items() if option.repeat or name not in used]


def _quoted(text: str, sign: str) -> str:
    return f"'{text}'" if sign == "'" and "'" not in text else quote(text)


def _fitting(word: str, offers: Iterable[str], kind: str) -> Offers:
    return Offers(
        word, [Offer(each, kind) for each in offers if each.startswith(word)][:MAX_OFFERED]
    )


def register(shell: InteractiveShell, known: KnownTemplates) -> None:
    """Hook into IPython's completer, which kernels ask as well."""
    from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

    completer = TemplateCompleter(known)

    @context_matcher(identifier="jupyter_exec_template")  # type: ignore[untyped-decorator] # IPython's
    def matcher(context: CompletionContext) -> dict[str, Any]:
        before = context.text_until_cursor
        if before.split(maxsplit=1)[:1] not in ([TEMPLATE], [CREATE]) or before.split() == [before]:
            return {"completions": []}
        fragment, offers = completer.complete(before)
        return {
            "completions": [SimpleCompletion(text=offer.text, type=offer.kind) for offer in offers],
            "matched_fragment": fragment,
            "suppress": True,  # Python's names have no meaning here
            "ordered": True,
        }

    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(matcher)
