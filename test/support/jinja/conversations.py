"""Conversations of all kinds that chat templates meet."""

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": 'Weather of a <city> & "more"',
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Name, e.g. Zürich"},
                "days": {"type": "integer", "minimum": 1, "default": 3},
                "units": {"type": "string", "enum": ["C", "F"]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "place": {"type": ["object", "null"], "properties": {"lat": {"type": "number"}}},
            },
            "required": ["city"],
        },
    },
}
PING = {
    "type": "function",
    "function": {
        "name": "ping",
        "description": "Pings",
        "parameters": {"type": "object", "properties": {}},
    },
}
TOOLS = [WEATHER, PING]
# As Cohere's templates take it.
SEARCH = {
    "name": "search",
    "description": "Searches",
    "parameter_definitions": {"query": {"type": "str", "description": "What", "required": True}},
}


def say(role, content, **more):
    return {"role": role, "content": content} | more


def call(identity, name, arguments):
    function = {"name": name, "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


SYSTEM = say("system", "Be brief.\nDo it.")
USER = say("user", "Hi <there> & 'you'\n")
ODD = say("user", "And 日本語 émoji 🙂 {{ 7*7 }} {% raw %} <|im_end|>")
HELLO = say("assistant", "Hello.")
ARGUMENTS = {"city": "Zürich", "days": 2, "x": 1.5, "n": None, "b": True, "l": ["a", 1]}
CALL = say("assistant", "", tool_calls=[call("call00001", "get_weather", ARGUMENTS)])
CALL_OF_TEXT = say(
    "assistant", "Let me see.", tool_calls=[call("call00001", "get_weather", '{"city": "Zürich"}')]
)
CALLS = say(
    "assistant",
    None,
    tool_calls=[call("call00001", "get_weather", {"city": "A"}), call("call00002", "ping", {})],
)
RESULT = say("tool", '{"t": 21.5}', tool_call_id="call00001", name="get_weather")
PONG = say("tool", "pong <x>", tool_call_id="call00002", name="ping")
TEXT_PART = {"type": "text", "text": "What is it?"}
IMAGE = say("user", [{"type": "image", "image": "a.png"}, TEXT_PART])
LINK = say("user", [TEXT_PART, {"type": "image_url", "image_url": {"url": "http://x/y.png"}}])

CONVERSATIONS = {
    "nothing": [],
    "a user": [USER],
    "an empty message": [say("user", "")],
    "a system message": [SYSTEM, USER],
    "a developer's message": [say("developer", "Rules"), USER],
    "turns": [SYSTEM, USER, HELLO, ODD],
    "turns without a system message": [USER, HELLO, ODD, HELLO, USER],
    "text like a template": [ODD],
    "an answer at the end": [USER, HELLO],
    "thinking in a message": [USER, say("assistant", "<think>\nhm\n</think>\n\nHello."), ODD],
    "thinking apart": [SYSTEM, USER, HELLO | {"reasoning_content": "hm hm"}, ODD],
    "thinking by another name": [USER, HELLO | {"thinking": "hm hm"}, ODD],
    "a call": [USER, CALL],
    "a call with arguments in a text": [USER, CALL_OF_TEXT, RESULT],
    "a call and its result": [SYSTEM, USER, CALL, RESULT],
    "calls and results": [USER, CALLS, RESULT, PONG, HELLO, ODD],
    "a call after thinking": [USER, CALL | {"reasoning_content": "why"}, RESULT, HELLO, USER],
    "an image": [IMAGE],
    "a link to an image": [LINK],
    "a system message in parts": [say("system", [TEXT_PART]), IMAGE, HELLO, USER],
}
SETTINGS = [
    {"add_generation_prompt": False},
    {"enable_thinking": False, "thinking": False},
    {"enable_thinking": True, "thinking": True, "reasoning_effort": "high"},
    {"documents": [{"title": "T", "text": "Body", "doc_id": 1}]},
]


def cases():
    """(messages, tools, other variables)"""
    for messages in CONVERSATIONS.values():
        yield messages, None, {}
        yield messages, TOOLS, {}
        yield messages, [PING], {"functions": "[]", "datetime": "today"}
    yield [SYSTEM, USER, HELLO, ODD], [SEARCH], {}
    for name in ("a user", "turns", "thinking apart", "a call and its result"):
        for settings in SETTINGS:
            yield CONVERSATIONS[name], None, settings
            yield CONVERSATIONS[name], TOOLS, settings
