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

/** Tokens of {@link shortChatTemplate}. */
export const shortTurnTokens: readonly string[] = ['<|system|>', '<|user|>', '<|assistant|>', '<|end|>']

/** One token begins a turn, and the assistant's is ended by one: for very small models, which see few tokens at once. */
export const shortChatTemplate: string = `
{%- if tools -%}
  {{- raise_exception('This chat template has no place for tools') -}}
{%- endif -%}
{%- for message in messages -%}
  {%- if message.role not in ['system', 'user', 'assistant'] -%}
    {{- raise_exception('This chat template knows no role ' + message.role) -}}
  {%- endif -%}
  {{- '<|' + message.role + '|>' -}}
  {%- if message.role == 'assistant' -%}
    {%- generation -%}
      {{- message.content + '<|end|>' -}}
    {%- endgeneration -%}
  {%- else -%}
    {{- message.content -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|assistant|>' -}}
{%- endif -%}
`.trim()
