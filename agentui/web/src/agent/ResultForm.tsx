import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { words } from "../base/format";
import { instantOf } from "../base/time";
import type { CallView } from "../protocol.gen";
import { now, serverNow, snapshot } from "../state";
import { CallbackPicker } from "./CallbackPicker";
import { changed, drafts, edit, refusals, save, saving } from "./desk";
import type { Draft, Work } from "./drafts";
import { Acceptance, Disclosures } from "./PromiseFields";
import { lacking } from "./promises";

/**
 * ResultForm takes notes and the result of one call: the present one, or one
 * whose result was never given. Its key is the call's id.
 */
export function ResultForm({ work, call, onClose }: { work: Work; call?: CallView; onClose?: () => void }) {
  const found = useRef(drafts.find(call ?? { call_id: work.call_id }));
  const draft = useSignal<Draft>(found.current.draft);
  const results = useRef<HTMLFieldSetElement>(null);
  const busy = saving.value.has(work.call_id);
  void changed.value;
  const given = drafts.find(call ?? { call_id: work.call_id }).given;
  const ended = call === undefined || call.stage === "ended";
  const talked = ended || call?.stage === "talking" || call?.stage === "hold";

  // At the end of the call the result is what comes next; whoever is typing
  // stays where they are.
  useEffect(() => {
    const at = document.activeElement;
    if (!ended || at?.matches("input, textarea, select")) return;
    const radio = results.current?.querySelector<HTMLElement>("input:checked") ?? results.current?.querySelector("input");
    radio?.focus();
  }, [ended]);

  const change = (part: Partial<Draft>) => {
    draft.value = { ...draft.value, ...part, at: serverNow() };
    edit(work, draft.value);
  };
  const d = draft.value;
  const chosen = work.choices.find((c) => c.code === d.disposition);
  const reasons = chosen?.reasons ?? [];
  const callback = instantOf(d.callback, work.zone);
  const missing = !chosen
    ? "Choose a result."
    : reasons.length > 0 && !reasons.includes(d.reason)
      ? "Choose the reason."
      : chosen.code === "callback" && Number.isNaN(callback)
        ? "Choose the time to call back."
        : chosen.code === "callback" && callback <= now.value
          ? "The time to call back has passed."
          : lacking(work, chosen.code, d);
  const choose = (code: string) => {
    if (code !== d.disposition) change({ disposition: code, reason: "" });
  };
  const digit = (e: KeyboardEvent) => {
    const choice = /^[1-9]$/.test(e.key) && !e.ctrlKey && !e.altKey && !e.metaKey ? work.choices[Number(e.key) - 1] : undefined;
    if (!choice || busy) return;
    e.preventDefault();
    choose(choice.code);
    results.current?.querySelector<HTMLElement>(`input[value="${CSS.escape(choice.code)}"]`)?.focus();
  };
  const pauseReason = (snapshot.value?.next === "not_ready" && snapshot.value.next_reason) || "break";
  const done = (next?: { state: "ready" | "not_ready"; reason: string }) => {
    save(work, draft.value, next);
    // The form goes away; the state says what comes next.
    document.querySelector<HTMLElement>("[data-focus-after-save]")?.focus();
  };
  const id = (name: string) => `${name}-${work.call_id}`;
  const hint = busy
    ? "Saving…"
    : given
      ? "Saved. It counts when the call ends; until then it can be changed."
      : !talked
        ? "The result can be saved once you are connected."
        : missing || (ended ? "Ready to be saved." : "Saved now, it counts when the call ends.");
  const refusal = busy ? undefined : refusals.value[work.call_id];
  const disabled = missing !== "" || busy || !talked || given;
  return (
    <form class="result" onSubmit={(e) => e.preventDefault()}>
      <div class="scroll">
        <label class="notes">
          Notes
          <textarea
            rows={3}
            maxLength={10_000}
            data-testid="notes"
            value={d.notes}
            readOnly={busy}
            onInput={(e) => change({ notes: e.currentTarget.value.replaceAll("\0", "") })}
          />
        </label>
        <Disclosures work={work} draft={d} disabled={busy} change={change} />
        <fieldset ref={results} class="choices" data-testid="results" onKeyDown={digit} disabled={busy}>
          <legend>Result</legend>
          {work.choices.length === 0 && <p class="quiet">The choices come with the customer's record.</p>}
          {work.choices.map((c, i) => (
            <label key={c.code} class="choice">
              <input type="radio" name={id("result")} value={c.code} checked={d.disposition === c.code} onChange={() => choose(c.code)} />
              <span class="key" aria-hidden="true">
                {i < 9 ? i + 1 : ""}
              </span>
              <span>{c.label || words(c.code)}</span>
            </label>
          ))}
        </fieldset>
        {reasons.length > 0 && (
          <label>
            Reason
            <select data-testid="reason" value={d.reason} disabled={busy} onChange={(e) => change({ reason: e.currentTarget.value })}>
              <option value="">Choose…</option>
              {reasons.map((r) => (
                <option key={r} value={r}>
                  {words(r)}
                </option>
              ))}
            </select>
          </label>
        )}
        <Acceptance work={work} draft={d} disabled={busy} change={change} />
        {chosen?.code === "callback" && <CallbackPicker draft={d} zone={work.zone} disabled={busy} change={change} />}
      </div>
      <div class="save">
        <p id={id("hint")} class="quiet" role="status" data-testid="save-hint">
          {!refusal && hint}
        </p>
        <p role="alert" class="failure" data-testid="refusal">
          {refusal}
        </p>
        <div class="buttons">
          {onClose ? (
            <>
              <button type="button" class="primary" aria-describedby={id("hint")} disabled={disabled} onClick={() => done()}>
                Save
              </button>
              <button type="button" onClick={onClose}>
                Later
              </button>
            </>
          ) : (
            <>
              <button
                type="button"
                class="primary"
                data-testid="save-next"
                aria-describedby={id("hint")}
                disabled={disabled}
                onClick={() => done({ state: "ready", reason: "" })}
              >
                Save and next
              </button>
              <button
                type="button"
                data-testid="save-pause"
                aria-describedby={id("hint")}
                disabled={disabled}
                onClick={() => done({ state: "not_ready", reason: pauseReason })}
              >
                Save and pause
              </button>
            </>
          )}
        </div>
      </div>
    </form>
  );
}
