import { structuredPatch } from "diff";

/** A line of a diff. A gap stands for lines that are not shown. */
export interface DiffLine {
  kind: "added" | "removed" | "same" | "gap";
  text: string;
}

/** What a call of a tool changes in one file. */
export interface FileChange {
  path: string;
  lines: readonly DiffLine[];
}

type Input = Record<string, unknown>;

// Lines of files above which a diff would take too long to compute.
const LONGEST = 400_000;

/** The changes of files that a call asks for, of whichever agent; empty when it is no such call. */
export function fileChanges(name: string, input: unknown): readonly FileChange[] {
  const patch = patchText(input);
  if (patch) {
    return patchChanges(patch);
  }
  if (!isObject(input)) {
    return [];
  }
  const path = pathOf(input);
  if (!path) {
    return [];
  }
  const edits = Array.isArray(input.edits) ? input.edits.filter(isObject) : [input];
  const replaced = edits.flatMap((edit) => {
    const before = text(edit, "old_string", "oldString", "oldText", "old_text", "old_str", "search");
    const after = text(edit, "new_string", "newString", "newText", "new_text", "new_str", "replace");
    return before !== undefined && after !== undefined ? [[before, after] as const] : [];
  });
  if (replaced.length) {
    return [{ path, lines: joined(replaced.map(([before, after]) => difference(before, after))) }];
  }
  const content = text(input, "content", "file_text", "new_source");
  return content !== undefined && /write|create|notebook/i.test(name)
    ? [{ path, lines: difference("", content) }]
    : [];
}

/** The numbers of added and removed lines. */
export function changedLines(changes: readonly FileChange[]): { added: number; removed: number } {
  const lines = changes.flatMap((change) => change.lines);
  return {
    added: lines.filter(({ kind }) => kind === "added").length,
    removed: lines.filter(({ kind }) => kind === "removed").length,
  };
}

/** The file that a call is about. */
export function pathOf(input: Input): string | undefined {
  return text(input, "file_path", "filePath", "path", "absolute_path", "notebook_path", "file");
}

function difference(before: string, after: string): readonly DiffLine[] {
  if (before.length + after.length > LONGEST) {
    return [...lines(before).map(line("removed")), ...lines(after).map(line("added"))];
  }
  const { hunks } = structuredPatch("", "", before, after, undefined, undefined, { context: 3 });
  return joined(hunks.map((hunk) => hunk.lines.filter((each) => !each.startsWith("\\")).map(patchLine)));
}

/** A patch in the text of a call: that of `apply_patch`, or a unified diff. */
function patchText(input: unknown): string | undefined {
  const candidates = isObject(input) ? [input.patch, input.input, input.diff, input.command].flat() : [input];
  return candidates.find(
    (value): value is string =>
      typeof value === "string" && (value.includes("*** Begin Patch") || /^--- .*\n\+\+\+ /m.test(value)),
  );
}

function patchChanges(patch: string): readonly FileChange[] {
  const changes: { path: string; lines: DiffLine[] }[] = [];
  for (const each of lines(patch)) {
    const file = /^(?:\*\*\* (?:Add|Update|Delete) File: |\+\+\+ (?:b\/)?)(.+)$/.exec(each)?.[1];
    const current = changes.at(-1);
    if (file) {
      changes.push({ path: file.trim(), lines: [] });
    } else if (each.startsWith("@@")) {
      if (current?.lines.length) {
        current.lines.push({ kind: "gap", text: each.replace(/^@@\s*|\s*@@$/g, "") });
      }
    } else if (current && /^[-+ ]/.test(each) && !each.startsWith("--- ")) {
      current.lines.push(patchLine(each));
    }
  }
  return changes;
}

function patchLine(each: string): DiffLine {
  const kinds: Record<string, DiffLine["kind"]> = { "+": "added", "-": "removed" };
  return { kind: kinds[each[0]!] ?? "same", text: each.slice(1) };
}

function joined(parts: readonly (readonly DiffLine[])[]): readonly DiffLine[] {
  return parts.flatMap((part, index) => (index ? [{ kind: "gap" as const, text: "" }, ...part] : part));
}

function lines(content: string): string[] {
  return content.replace(/\n$/, "").split("\n");
}

function line(kind: DiffLine["kind"]) {
  return (content: string): DiffLine => ({ kind, text: content });
}

function text(input: Input, ...names: string[]): string | undefined {
  const name = names.find((each) => typeof input[each] === "string");
  return name && (input[name] as string);
}

export function isObject(value: unknown): value is Input {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
