"""Write the pages that are generated from the code, or with --check say which of them lag behind it.

ENV_VARIABLES_GUIDE.md, .env*.example  from the settings classes
docs/contracts/*.schema.json           from the data contracts and the results of commands
docs/contracts/README.md               which command prints which result
docs/reference/cli.md                  from the commands' own help
docs/reference/openapi.json            from the routes of the API
docs/reference/errors.md               from the tree of errors and the hints of the command line
docs/reference/metrics.md              from the metrics as they are registered
deploy/grafana/dashboards/*.json       from the panels of boards/
deploy/helm/tg-parser                  its versions, alerts and the settings that its values may name
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from contracts import CONTRACTS, EVENTS, PROBES, RESULTS
from dashboards import dashboard_files
from environment_templates import TEMPLATES, default_of, sentence, template_text
from helm_chart import CHART, chart_files
from prometheus_client import CollectorRegistry

from tg_parser.api.app import create_api
from tg_parser.cli.app import app
from tg_parser.cli.hints import HINTS
from tg_parser.config.ranges import variable_range
from tg_parser.config.settings import setting_groups
from tg_parser.domain.errors import TgParserError
from tg_parser.observability.instruments import Instruments
from tg_parser.observability.pools import PoolCollector
from tg_parser.observability.state import JobsFigures, SourceFigures, StateCollector, StateFigures
from tg_parser.storage.engine.pool import PoolFigures

ROOT = Path(__file__).resolve().parent.parent


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated page with the text it should have."""
    yield ROOT / "ENV_VARIABLES_GUIDE.md", environment_guide()
    yield from ((ROOT / template.name, template_text(template)) for template in TEMPLATES)
    yield ROOT / "docs/reference/cli.md", cli_reference()
    yield ROOT / "docs/reference/errors.md", errors_page()
    yield ROOT / "docs/reference/metrics.md", metrics_reference()
    yield ROOT / "docs/reference/openapi.json", json.dumps(create_api().openapi(), indent=1, ensure_ascii=False) + "\n"
    yield ROOT / "docs/contracts/README.md", contracts_page()
    for name, text in dashboard_files():
        yield ROOT / f"deploy/grafana/dashboards/{name}", text
    yield from ((CHART / name, text) for name, text in chart_files())
    for model in dict.fromkeys((*CONTRACTS, *RESULTS.values(), *PROBES.values(), *EVENTS)):
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        yield ROOT / f"docs/contracts/{model.__name__}.schema.json", text


def environment_guide() -> str:
    """The table of all variables with default, range and meaning."""
    lines = [
        "# Environment variables",
        "",
        "Generated from `tg_parser/config/settings.py` by `make docs`. Variables can also be set in a file `.env` in",
        "the working directory; the environment takes precedence. An invalid value stops the program at start with an",
        "error that names the variable and its range.",
    ]
    for _, group in setting_groups():
        lines += ["", f"## {sentence(group)}", "", "| variable | default | allowed | meaning |", "|---|---|---|---|"]
        for field in group.model_fields.values():
            default = f"`{default_of(field)}`" if default_of(field) else ""
            cells = (f"`{field.validation_alias}`", default, variable_range(field), field.description or "")
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def cli_reference() -> str:
    """The help of every command."""
    lines = ["# Commands", "", "Generated from `tg-parser --help` by `make docs`."]
    for name, text in _helps(typer.main.get_command(app), "tg-parser", None):
        lines += ["", f"## {name}", "", "```", text.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """The codes of all errors, and what the command line says in each case."""
    lines = [
        "# Errors",
        "",
        "Generated from the code by `make docs`. Machine-readable errors (a line of stderr with `LOG_FORMAT=json`, a",
        "failed source in a result with `--json`) have a stable `code`, and `data` with the details. If `data` has a",
        "`case`, it identifies the error more precisely. Exit codes: [exit-codes.md](exit-codes.md).",
        "",
        "| code | meaning | a later attempt may succeed |",
        "|---|---|---|",
        *(f"| `{each.code}` | {_first_sentence(each)} | {'yes' if each.retryable else ''} |" for each in _errors()),
        "",
        "## Cases",
        "",
        "Each interface has its own hint for a case. These are the hints of the command line:",
        "",
        "| case | hint |",
        "|---|---|",
        *(f"| `{case}` | {hint.replace('|', chr(92) + '|')} |" for case, hint in sorted(HINTS.items())),
    ]
    return "\n".join(lines) + "\n"


def metrics_reference() -> str:
    """Every metric with its labels."""
    process, state = CollectorRegistry(), StateCollector(1)
    known = Instruments(process).labels
    PoolCollector(process, lambda: {"": PoolFigures(0, 0, 0, 0, 0, 0, 0.0, 0.0, 0)})
    source, jobs = SourceFigures("", "", 0.0), JobsFigures("", "", 0, 0.0)
    state.figures = StateFigures(0.0, [source], [jobs], 0.0, 0.0, 0.0, 0.0)
    lines = [
        "# Metrics",
        "",
        "Generated from the code by `make docs`. How to switch them on and what to watch:",
        "[monitor.md](../how-to/monitor.md).",
        "",
        "## Processes",
        "",
        "Each process reports these about itself: the API at `/metrics`, a worker at `--metrics-port`. `process_…`",
        "metrics from the operating system come with them.",
        "",
        *_metrics_table(process, known),
        "",
        "## Databases",
        "",
        "Only the API reports these. They are up to 15 seconds old, and absent while the database does not respond.",
        "",
        *_metrics_table(state.registry, {}),
    ]
    return "\n".join(lines) + "\n"


def _metrics_table(registry: CollectorRegistry, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from ("| metric | type | labels | meaning |", "|---|---|---|---|")
    suffixes = {"counter": "_total", "info": "_info"}
    for family in registry.collect():
        if not family.name.startswith("process_"):
            labels = known.get(family.name) or sorted({name for each in family.samples for name in each.labels})
            name = f"`{family.name}{suffixes.get(family.type, '')}`"
            yield f"| {name} | {family.type} | {', '.join(f'`{label}`' for label in labels)} | {family.documentation} |"


def _errors(kind: type[TgParserError] = TgParserError) -> Iterator[type[TgParserError]]:
    if kind.__module__.startswith("tg_parser.domain.errors."):
        yield kind
    for narrower in kind.__subclasses__():
        yield from _errors(narrower)


def contracts_page() -> str:
    """Which contract is of what."""
    lines = [
        "# Contracts",
        "",
        "Generated from the code by `make docs`: JSON Schemas of everything that other programs may read.",
        "",
        "## Data",
        "",
        *(f"- [{model.__name__}]({model.__name__}.schema.json): {_first_sentence(model)}" for model in CONTRACTS),
        "",
        "## Results of commands",
        "",
        "What a command prints with `--json`; `entries` prints one object a line.",
        "",
        "| command | result |",
        "|---|---|",
        *(f"| `{name}` | [{model.__name__}]({model.__name__}.schema.json) |" for name, model in RESULTS.items()),
        "",
        "## Answers to those who watch a service",
        "",
        "| address | answer |",
        "|---|---|",
        *(f"| `{name}` | [{model.__name__}]({model.__name__}.schema.json) |" for name, model in PROBES.items()),
        "",
        "## Bodies of webhooks",
        "",
        *(f"- [{model.__name__}]({model.__name__}.schema.json): {_first_sentence(model)}" for model in EVENTS),
    ]
    return "\n".join(lines) + "\n"


def _first_sentence(described: type) -> str:
    return " ".join((described.__doc__ or "").split()).split(". ", 1)[0].rstrip(".") + "."


def _helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = command.context_class(command, info_name=name, parent=parent, **settings)
    yield context.command_path, command.get_help(context)
    for child_name, child in getattr(command, "commands", {}).items():
        yield from _helps(child, child_name, context)


def main() -> None:
    """Write or check all pages."""
    check, stale = "--check" in sys.argv[1:], []
    for path, text in pages():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for path in stale:
        print(f"{'behind the code' if check else 'written'}: {path}")
    if check and stale:
        sys.exit("Run `make docs` and commit the result.")


if __name__ == "__main__":
    main()
