"""Makes the Grafana dashboards: from what boards/ describes to JSON in deploy/grafana/dashboards/, by `make docs`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeVar

from boards import cost, database, jobs, pipeline, sources
from boards.parts import Board, Panel
from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
"""The data source of deploy/grafana/provisioning/datasources."""
_HEIGHT, _WIDTH, _SMALL = 8, 12, 6

BOARDS = (database.BOARD, pipeline.BOARD, cost.BOARD, jobs.BOARD, sources.BOARD)


def dashboard_files() -> Iterator[tuple[str, str]]:
    """The name and text of each file."""
    for board in BOARDS:
        text = json.dumps(json.loads(JSONEncoder(sort_keys=True).encode(_built(board).build())), indent=1)
        yield f"{board.uid}.json", text + "\n"


def _built(board: Board) -> dashboard.Dashboard:
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["tg-parser"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
    )
    for title, panels in board.rows.items():
        made = made.with_row(dashboard.Row(title))
        for panel in panels:
            made = made.with_panel(_number_panel(panel) if panel.is_number else _graph_panel(panel))
    return made


def _graph_panel(panel: Panel) -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    made = timeseries.Panel().legend(legend.show_legend(True))
    made = made.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    return _described(made.span(_WIDTH).height(_HEIGHT).min(0), panel)


def _number_panel(panel: Panel) -> stat.Panel:
    latest = common.ReduceDataOptions().calcs(["lastNotNull"])
    made = stat.Panel().graph_mode(BigValueGraphMode.AREA).reduce_options(latest)
    return _described(made.span(_SMALL).height(_HEIGHT // 2), panel)


AnyPanel = TypeVar("AnyPanel", stat.Panel, timeseries.Panel)


def _described(made: AnyPanel, panel: Panel) -> AnyPanel:
    made = made.title(panel.title).description(panel.description).unit(panel.unit).datasource(SOURCE)
    for number, query in enumerate(panel.queries):
        target = prometheus.Dataquery().expr(query.expression).legend_format(query.legend or "__auto")
        made = made.with_target(target.ref_id(chr(ord("A") + number)))
    return made
