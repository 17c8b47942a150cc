/**
 * The steps of verification, in the order in which they are taken; a proof that does not hold is refused with the first
 * step that fails. "page" belongs to the page alone: the proof holds but the page says something else.
 */
export type Step =
  | "form"
  | "genesis"
  | "header"
  | "certificate"
  | "register"
  | "history"
  | "record"
  | "element"
  | "page";

/** A proof that does not hold: what was wrong and, where it can be told, the id of the record it is about. */
export class Refusal extends Error {
  constructor(
    reason: string,
    readonly record?: string,
  ) {
    super(reason);
  }
}

/** Refuses the proof unless `holds`; reasons are read after the step's name and kept short, for they are downloaded. */
export function demand(holds: unknown, reason: string, record?: string): asserts holds {
  if (!holds) throw new Refusal(reason, record);
}
