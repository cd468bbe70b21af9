"""What is sent beside the messages is prepared once a prompt, and what a call does to it reaches no other call."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.settings import ModelSettings

from tg_parser.llm.models.prepared_once import PreparedOnce
from tg_parser.llm.structured import request_parameters


class Shape(BaseModel):
    word: str


class OtherShape(BaseModel):
    number: int


class CountedModel(PreparedOnce, FunctionModel):
    """Counts how often parameters are prepared."""

    prepared = 0

    def customize_request_parameters(self, model_request_parameters: ModelRequestParameters) -> ModelRequestParameters:
        self.prepared += 1
        return super().customize_request_parameters(model_request_parameters)


async def silent(_: list[ModelMessage], __: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[])


def test_the_same_prompt_is_prepared_once() -> None:
    """A second call with the same objects gets what the first one got."""
    model, settings, parameters = CountedModel(silent), ModelSettings(temperature=0.5), request_parameters(Shape)
    first = model.prepare_request(settings, parameters)
    assert first[1].output_tools[0].parameters_json_schema == Shape.model_json_schema()
    assert (model.prepare_request(settings, parameters), model.prepared) == (first, 1)


def test_other_settings_and_another_shape_are_prepared_anew() -> None:
    """Nothing of one prompt is sent with another."""
    model, settings = CountedModel(silent), ModelSettings(temperature=0.5)
    model.prepare_request(settings, request_parameters(Shape))
    warmer, _ = model.prepare_request(ModelSettings(temperature=0.9), request_parameters(Shape))
    _, other = model.prepare_request(settings, request_parameters(OtherShape))
    assert (warmer, model.prepared) == ({"temperature": 0.9}, 3)
    assert other.output_tools[0].parameters_json_schema == OtherShape.model_json_schema()


def test_a_call_that_changes_its_settings_changes_no_other() -> None:
    """Each call gets settings of its own, and none where there are none."""
    model, settings, parameters = CountedModel(silent), ModelSettings(temperature=0.5), request_parameters(Shape)
    mine, _ = model.prepare_request(settings, parameters)
    assert mine is not None
    mine["temperature"] = 1.0
    assert model.prepare_request(settings, parameters)[0] == {"temperature": 0.5}
    assert model.prepare_request(None, parameters)[0] is None


def test_settings_of_every_call_its_own_do_not_pile_up() -> None:
    """A caller that makes new settings for each call is served too, and always with its own."""
    model, parameters = CountedModel(silent), request_parameters(Shape)
    seen = [model.prepare_request(ModelSettings(max_tokens=number), parameters)[0] for number in range(1, 200)]
    assert seen == [{"max_tokens": number} for number in range(1, 200)]
    assert len(model._known) <= 64
