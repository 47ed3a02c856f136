import { isObject, pathOf } from "./file_changes";

const TELLING = ["command", "cmd", "pattern", "query", "url", "description", "prompt", "skill", "name", "message"];

/** The argument that tells one call of a tool from the next, in one line. */
export function toolSummary(input: unknown): string {
  if (typeof input === "string") {
    return oneLine(input);
  }
  if (!isObject(input)) {
    return "";
  }
  const command = commandOf(input);
  if (command !== undefined) {
    return oneLine(command);
  }
  const name = TELLING.find((each) => typeof input[each] === "string");
  const path = pathOf(input);
  return oneLine([name && (input[name] as string), path].filter(Boolean).join(" in "));
}

/** The command that a call runs in a shell; undefined when it is no such call. */
export function commandOf(input: unknown): string | undefined {
  if (!isObject(input)) {
    return undefined;
  }
  const command = input.command ?? input.cmd;
  if (Array.isArray(command)) {
    const words = command.map(String);
    // `bash -lc SCRIPT`
    return /^(ba|z)?sh$/.test(words[0] ?? "") && words.length === 3 ? words[2] : words.join(" ");
  }
  return typeof command === "string" ? command : undefined;
}

function oneLine(text: string): string {
  return text.slice(0, 400).replace(/\s+/g, " ").trim();
}
