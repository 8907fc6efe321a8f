/** Tokens that begin and end a turn in our default template; a tokenizer gets them by `withSpecialTokens`. */
export const turnTokens: readonly string[] = ['<|im_start|>', '<|im_end|>']

/**
 * The chat template of models that bring none: ChatML, where special tokens, which no text can write, begin and end each
 * turn. Every loader knows the form; a role is a word in it, so that tools need no token more; and the generation tags
 * say which words are the assistant's.
 */
export const defaultChatTemplate: string = String.raw`
{%- if tools -%}
  {{- '<|im_start|>system\n' -}}
  {%- if messages[0].role == 'system' -%}
    {{- messages[0].content + '\n\n' -}}
  {%- endif -%}
  {{- 'Tools:\n' -}}
  {%- for tool in tools -%}
    {{- (tool | tojson) + '\n' -}}
  {%- endfor -%}
  {{- '<|im_end|>\n' -}}
{%- endif -%}
{%- for message in messages -%}
  {%- if message.role == 'assistant' -%}
    {{- '<|im_start|>assistant\n' -}}
    {%- generation -%}
      {{- message.content -}}
      {%- for call in message.tool_calls or [] -%}
        {{- '<tool_call>' + (call.function | tojson) + '</tool_call>' -}}
      {%- endfor -%}
      {{- '<|im_end|>' -}}
    {%- endgeneration -%}
    {{- '\n' -}}
  {%- elif not (tools and loop.first and message.role == 'system') -%}
    {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|im_start|>assistant\n' -}}
{%- endif -%}
`.trim()
