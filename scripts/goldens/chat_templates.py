"""Writes test/goldens/chat-templates.json: conversations as transformers' apply_chat_template writes them, their ids and
which tokens are the assistant's, with a small byte-level BPE tokenizer.

Needs Python with `transformers` and `tokenizers`:
    python scripts/goldens/chat_templates.py            the golden file
    python scripts/goldens/chat_templates.py --check    compares instead of writing
"""

import json
import re
import sys
from pathlib import Path

import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "test/goldens/chat-templates.json"
SOURCE = (ROOT / "src/chat/default-template.ts").read_text(encoding="utf-8")
DEFAULT = re.search(r"String\.raw`(.*?)`", SOURCE, re.S).group(1).strip()

# The published forms, written anew. Their generation tags say what the assistant's tokens are.
CHATML = """{% for message in messages %}
{{ '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['role'] == 'assistant' %}
{%- generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}
{%- else %}
{{- message['content'] + '<|im_end|>' }}
{%- endif %}
{{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}"""
LLAMA2 = """{%- if messages[0]['role'] == 'system' %}
    {%- set turns = messages[1:] %}
    {%- set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}
{%- else %}
    {%- set turns = messages %}
    {%- set system = '' %}
{%- endif %}
{%- for message in turns %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Roles must alternate: user, assistant, user, ...') }}
    {%- endif %}
    {%- if message['role'] == 'user' %}
        {{- bos_token + '[INST] ' + (system if loop.first else '') + message['content'] | trim + ' [/INST]' }}
    {%- else %}
        {%- generation %}{{- ' ' + message['content'] | trim + ' ' + eos_token }}{% endgeneration %}
    {%- endif %}
{%- endfor %}"""
ZEPHYR = """{% for message in messages %}
{% if message['role'] == 'assistant' %}
{{ '<|assistant|>' }}
{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}

{% else %}
{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""
TEMPLATES = {"default": DEFAULT, "chatml": CHATML, "llama-2": LLAMA2, "zephyr": ZEPHYR}

system = lambda content: {"role": "system", "content": content}
user = lambda content: {"role": "user", "content": content}
assistant = lambda content: {"role": "assistant", "content": content}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city: today's (今天的天气)",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALL = {"type": "function", "function": {"name": "weather", "arguments": {"city": "上海", "days": 2, "exact": True}}}
CONVERSATIONS = {
    "short": [user("What is 2 + 2?"), assistant("4.")],
    "Chinese": [system("你是一个助手。"), user("你好！"), assistant("你好，有什么事吗？"), user("再见"), assistant("再见！👋")],
    "turns": [user("\n one"), assistant("\nOne,\n<two>\n"), user("one"), assistant("one"), user("  "), assistant("'\"\\")],
    "open": [system("Be brief."), user("Hello"), assistant("Hi"), user("Why?")],
}
TOOLS = [
    system("Be exact."),
    user("Weather in 上海?"),
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": '{"sky": "晴"}'},
    assistant("Clear."),
]


def tokenizer():
    """Trained on the conversations themselves, so that some tokens are whole words and some are parts of characters."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet)
    texts = [message["content"] for messages in [*CONVERSATIONS.values(), TOOLS] for message in messages]
    made.train_from_iterator(texts * 3 + ["assistant user system [/INST] [INST] \n"] * 9, trainer)
    return made


def main():
    made = tokenizer()
    fast = PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>")
    cases = []
    for name, template in TEMPLATES.items():
        given = [(title, messages, None) for title, messages in CONVERSATIONS.items()]
        if name == "default":
            given += [("tools", TOOLS, [WEATHER]), ("tools, no system", TOOLS[1:], [WEATHER])]
        for title, messages, tools in given:
            options = {"chat_template": template, "tools": tools}
            encoded = fast.apply_chat_template(
                messages, **options, return_dict=True, return_assistant_tokens_mask=True
            )
            cases.append(
                {
                    "template": name,
                    "title": title,
                    "messages": messages,
                    "tools": tools,
                    "text": fast.apply_chat_template(messages, **options, tokenize=False),
                    "prompt": fast.apply_chat_template(messages, **options, tokenize=False, add_generation_prompt=True),
                    "ids": encoded["input_ids"],
                    "mask": encoded["assistant_masks"],
                }
            )
    golden = {
        "transformers": transformers.__version__,
        "specialTokens": {"bos_token": "<s>", "eos_token": "</s>"},
        "tokenizer": json.loads(made.to_str()),
        "templates": TEMPLATES,
        "cases": cases,
    }
    if "--check" in sys.argv:
        stored = json.loads(PATH.read_text(encoding="utf-8"))
        assert {**stored, "transformers": ""} == {**golden, "transformers": ""}, "another result than in " + str(PATH)
        print("equal")
    else:
        PATH.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {PATH}: {len(cases)} cases")


main()
