"""The wire formats of language model providers: what is read out of a request, and what an answer looks like.

Written from the providers' own API references; `LlmServer` in llm_servers.py speaks them over HTTP.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

WIRES = ("chat", "responses", "anthropic", "gemini")


@dataclass(frozen=True)
class Asked:
    """One request as a test wants to see it. `wire` is one of WIRES; `schema` and `mode` tell the wanted shape."""

    wire: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    model: str
    system: str
    user: str
    """The newest text from the user's side."""
    dialogue: list[tuple[str, str]] = field(default_factory=list)
    """Role and text of every message but the system's."""
    schema: dict[str, Any] | None = None
    mode: str = "prompted"
    """`tool`, `native` or `prompted`."""
    at: float = field(default_factory=time.monotonic)
    """When it arrived, in seconds of the monotonic clock."""


@dataclass(frozen=True)
class Reply:
    """What the server does with one request. Without anything set: answers `output` as the provider would.

    `output` is JSON for the wanted shape, or text to be sent as it is; None asks the server's `answer` function.
    `finish` is `stop`, `length`, `refusal` or `content_filter`. `usage` is (tokens in, tokens out), None leaves it out.
    `status` other than 200 sends the provider's error form with `error_code` and `message`; `raw` is any other body.
    `drop` closes the connection `before` or in the `middle` of the answer.
    """

    output: Any = None
    finish: str = "stop"
    usage: tuple[int, int] | None = (100, 20)
    delay: float = 0.0
    status: int = 200
    error_code: str = ""
    message: str = "no reason given"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json"
    drop: str = ""


def wire_of(path: str) -> str | None:
    """Which format is spoken at `path`."""
    plain = path.partition("?")[0]
    ends = {"/chat/completions": "chat", "/responses": "responses", "/messages": "anthropic"}
    found = next((wire for end, wire in ends.items() if plain.endswith(end)), None)
    return "gemini" if found is None and plain.endswith(":generateContent") else found


def read_request(path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
    """The request in words of Asked."""
    wire = wire_of(path) or ""
    system, dialogue = _READERS[wire](body)
    mode, schema = _shape(wire, body)
    schema = schema or _told_schema(system)
    model = body.get("model") or path.partition("/models/")[2].partition(":")[0]
    user = next((text for role, text in reversed(dialogue) if role == "user"), "")
    return Asked(wire, path, headers, body, model, system, user, dialogue, schema, mode)


def answer_body(asked: Asked, output: Any, reply: Reply) -> dict[str, Any]:
    """The body of an answer with status 200."""
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return _WRITERS[asked.wire](asked, text, reply)


def error_body(wire: str, reply: Reply) -> dict[str, Any]:
    """The body of an answer with another status."""
    if wire == "anthropic":
        return {"type": "error", "error": {"type": reply.error_code or "api_error", "message": reply.message}}
    if wire == "gemini":
        return {"error": {"code": reply.status, "message": reply.message, "status": reply.error_code or "UNKNOWN"}}
    code = reply.error_code or None
    return {"error": {"message": reply.message, "type": code or "server_error", "param": None, "code": code}}


def _text(content: Any) -> str:
    """Text of a message whose content is a string, or parts of which some carry text."""
    if isinstance(content, str):
        return content
    parts = [part for part in content or () if isinstance(part, dict)]
    return "\n".join(str(part.get("text") or part.get("content") or "") for part in parts)


def _split(messages: list[dict[str, Any]], system_roles: tuple[str, ...]) -> tuple[str, list[tuple[str, str]]]:
    said = [(message.get("role", message.get("type", "")), _text(message.get("content"))) for message in messages]
    system = "\n".join(text for role, text in said if role in system_roles)
    return system, [(role, text) for role, text in said if role not in system_roles]


def _read_chat(body: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    return _split(body["messages"], ("system", "developer"))


def _read_responses(body: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    system, dialogue = _split(body["input"], ("system", "developer"))
    return "\n".join(filter(None, (body.get("instructions"), system))), dialogue


def _read_anthropic(body: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    return _text(body.get("system")), _split(body["messages"], ())[1]


def _read_gemini(body: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    system = _text((body.get("systemInstruction") or {}).get("parts"))
    return system, [(content.get("role", "user"), _text(content["parts"])) for content in body["contents"]]


_READERS = {
    "chat": _read_chat,
    "responses": _read_responses,
    "anthropic": _read_anthropic,
    "gemini": _read_gemini,
}


def _shape(wire: str, body: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """How an answer of a shape is asked for, and the shape."""
    native = _native_schema(wire, body)
    if native is not None:
        return "native", native
    tools = body.get("tools") or ()
    if not tools:
        return "prompted", None
    first = tools[0]
    if wire == "chat":
        return "tool", first["function"]["parameters"]
    if wire == "gemini":
        declared = first["functionDeclarations"][0]
        return "tool", declared.get("parameters_json_schema") or declared.get("parametersJsonSchema")
    return "tool", first.get("parameters") or first.get("input_schema")


def _told_schema(system: str) -> dict[str, Any] | None:
    """The shape where it is only told in words: a line of the system text."""
    line = next((line for line in system.splitlines() if line.startswith("{") and line.endswith("}")), None)
    return None if line is None else json.loads(line)


def _native_schema(wire: str, body: dict[str, Any]) -> dict[str, Any] | None:
    if wire == "chat":
        return ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    if wire == "responses":
        return ((body.get("text") or {}).get("format") or {}).get("schema")
    if wire == "gemini":
        config = body.get("generationConfig") or {}
        return config.get("responseJsonSchema") or config.get("responseSchema")
    return ((body.get("output_config") or {}).get("format") or {}).get("schema")


def _chat(asked: Asked, text: str, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if reply.finish == "refusal":
        message = {"role": "assistant", "content": None, "refusal": text}
    elif asked.mode == "tool" and text:
        call = {"id": "call_1", "type": "function", "function": {"name": _tool(asked), "arguments": text}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    finish = {"refusal": "stop", "stop": "tool_calls" if "tool_calls" in message else "stop"}
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": asked.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish.get(reply.finish, reply.finish)}],
    }
    if reply.usage:
        sent, said = reply.usage
        body["usage"] = {"prompt_tokens": sent, "completion_tokens": said, "total_tokens": sent + said}
    return body


def _responses(asked: Asked, text: str, reply: Reply) -> dict[str, Any]:
    said: dict[str, Any] = {"type": "output_text", "text": text, "annotations": []}
    if reply.finish == "refusal":
        said = {"type": "refusal", "refusal": text}
    item: dict[str, Any] = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant"}
    item["content"] = [said]
    if asked.mode == "tool" and text and reply.finish != "refusal":
        item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "status": "completed"}
        item |= {"name": _tool(asked), "arguments": text}
    cut = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reply.finish)
    body: dict[str, Any] = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_760_000_000,
        "model": asked.model,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": cut} if cut else None,
        "error": None,
        "output": [item] if text else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    if reply.usage:
        sent, out = reply.usage
        details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        body["usage"] = {"input_tokens": sent, "output_tokens": out, "total_tokens": sent + out, **details}
    return body


def _anthropic(asked: Asked, text: str, reply: Reply) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    if asked.mode == "tool" and text and reply.finish in {"stop", "length"}:
        try:
            content = [{"type": "tool_use", "id": "toolu_1", "name": _tool(asked), "input": json.loads(text)}]
        except json.JSONDecodeError:
            content = [{"type": "text", "text": text}]
    stop = "tool_use" if content and content[0]["type"] == "tool_use" else "end_turn"
    body: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        "stop_reason": {"length": "max_tokens", "refusal": "refusal", "content_filter": "refusal"}.get(
            reply.finish, stop
        ),
        "stop_sequence": None,
    }
    if reply.usage:
        body["usage"] = {"input_tokens": reply.usage[0], "output_tokens": reply.usage[1]}
    return body


def _gemini(asked: Asked, text: str, reply: Reply) -> dict[str, Any]:
    finish = {"length": "MAX_TOKENS", "refusal": "SAFETY", "content_filter": "SAFETY"}.get(reply.finish, "STOP")
    parts: list[dict[str, Any]] = [{"text": text}] if text else []
    if asked.mode == "tool" and text and finish == "STOP":
        parts = [{"functionCall": {"name": _tool(asked), "args": json.loads(text)}}]
    candidate: dict[str, Any] = {"finishReason": finish, "index": 0}
    if finish != "SAFETY":
        candidate["content"] = {"role": "model", "parts": parts}
    body: dict[str, Any] = {"candidates": [candidate], "modelVersion": asked.model, "responseId": "resp_1"}
    if reply.usage:
        sent, said = reply.usage
        body["usageMetadata"] = {
            "promptTokenCount": sent,
            "candidatesTokenCount": said,
            "totalTokenCount": sent + said,
        }
    return body


_WRITERS = {"chat": _chat, "responses": _responses, "anthropic": _anthropic, "gemini": _gemini}


def _tool(asked: Asked) -> str:
    first = asked.body["tools"][0]
    if asked.wire == "chat":
        return str(first["function"]["name"])
    return str(first["functionDeclarations"][0]["name"] if asked.wire == "gemini" else first["name"])
