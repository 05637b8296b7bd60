import type { CallResult, Disclosure, PopOffer } from "../protocol.gen";

/** What a result promises besides its disposition, as the agent has it so far. */
export interface Promised {
  /** confirmed holds the codes of the disclosures that the customer was told. */
  confirmed: string[];
  /** accepted: the customer takes the offer shown. */
  accepted: boolean;
  /** discount in per cent, as it was typed. */
  discount: string;
}

/** What the record asks for; drafts of older screens have none of it. */
export interface Asked {
  script_version?: number;
  disclosures?: Disclosure[];
  offer?: PopOffer;
}

/** needed gives the disclosures that the result needs. */
export function needed(asked: Asked, disposition: string): Disclosure[] {
  return (asked.disclosures ?? []).filter((d) => d.for?.includes(disposition));
}

/** discountOf reads per cent; an empty text is none, and NaN what is no number. */
export function discountOf(text: string): number {
  const typed = text.trim().replace(",", ".");
  return typed === "" ? 0 : /^\d+(\.\d+)?$/.test(typed) ? Number(typed) : Number.NaN;
}

/** lacking says what the result cannot be saved without; empty: nothing. */
export function lacking(asked: Asked, disposition: string, p: Promised): string {
  const open = needed(asked, disposition).filter((d) => !p.confirmed.includes(d.code));
  if (open.length > 0) return `Confirm that the customer was told: ${open.map((d) => d.text).join(" ")}`;
  if (!taken(asked, disposition, p)) return "";
  const discount = discountOf(p.discount);
  if (Number.isNaN(discount)) return "The discount is no number.";
  if (discount > asked.offer!.max_discount) return `The offer allows a discount of ${asked.offer!.max_discount} % at most.`;
  return "";
}

/** promises gives the fields of the result that say what was told and taken. */
export function promises(asked: Asked, disposition: string, p: Promised): Pick<CallResult, "script_version" | "disclosures" | "offer"> {
  const known = (asked.disclosures ?? []).map((d) => d.code);
  const told = p.confirmed.filter((code) => known.includes(code));
  return {
    ...(asked.script_version ? { script_version: asked.script_version } : {}),
    ...(told.length > 0 ? { disclosures: told } : {}),
    ...(taken(asked, disposition, p) ? { offer: { version_id: asked.offer!.version_id, ...(discountOf(p.discount) > 0 ? { discount: discountOf(p.discount) } : {}) } } : {}),
  };
}

/** taken: an offer is accepted by a sale only. */
function taken(asked: Asked, disposition: string, p: Promised): boolean {
  return disposition === "sale" && asked.offer !== undefined && p.accepted;
}

/** priceOf gives the offer's price in words. */
export function priceOf(o: PopOffer): string {
  return `${o.price} ${o.currency}${o.period ? ` a ${o.period}` : ""}`;
}

/** remainderOf says how much is left of the offer; empty where it has no bound. */
export function remainderOf(o: PopOffer): string {
  return [
    o.remaining === undefined ? "" : `${o.remaining} left`,
    o.remaining_amount === undefined ? "" : `${o.remaining_amount} ${o.currency} left`,
  ]
    .filter(Boolean)
    .join(", ");
}
