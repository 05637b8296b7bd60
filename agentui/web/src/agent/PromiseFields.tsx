import type { Draft, Work } from "./drafts";
import { needed, priceOf } from "./promises";

interface Part {
  work: Work;
  draft: Draft;
  disabled: boolean;
  change: (part: Partial<Draft>) => void;
}

/** Disclosures are what the customer must be told, to be confirmed one by one. */
export function Disclosures({ work, draft, disabled, change }: Part) {
  const all = work.disclosures ?? [];
  if (all.length === 0) return null;
  const now = needed(work, draft.disposition);
  const toggle = (code: string, on: boolean) =>
    change({ confirmed: on ? [...draft.confirmed, code] : draft.confirmed.filter((c) => c !== code) });
  return (
    <fieldset class="disclosures" data-testid="disclosures" disabled={disabled}>
      <legend>The customer was told</legend>
      {all.map((d) => (
        <label key={d.code} class="choice">
          <input
            type="checkbox"
            value={d.code}
            checked={draft.confirmed.includes(d.code)}
            onChange={(e) => toggle(d.code, e.currentTarget.checked)}
          />
          <span>
            {d.text}
            {now.includes(d) && !draft.confirmed.includes(d.code) && <b> (needed)</b>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Acceptance takes the offer with a sale, perhaps with a discount. */
export function Acceptance({ work, draft, disabled, change }: Part) {
  const offer = work.offer;
  if (!offer || draft.disposition !== "sale") return null;
  return (
    <fieldset class="acceptance" data-testid="acceptance" disabled={disabled}>
      <legend>Offer</legend>
      <label class="choice">
        <input type="checkbox" checked={draft.accepted} onChange={(e) => change({ accepted: e.currentTarget.checked })} />
        <span>
          The customer takes “{offer.title}” for {priceOf(offer)}
        </span>
      </label>
      {draft.accepted && offer.max_discount > 0 && (
        <label>
          Discount in % (yours: up to {offer.discount_limit}
          {offer.discount_limit < offer.max_discount && `; with a supervisor up to ${offer.max_discount}`})
          <input
            inputMode="decimal"
            maxLength={6}
            data-testid="discount"
            value={draft.discount}
            onInput={(e) => change({ discount: e.currentTarget.value })}
          />
        </label>
      )}
    </fieldset>
  );
}
