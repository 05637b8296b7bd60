import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { clock, since, words } from "../format";
import type { AgentSnapshot, CallView } from "../protocol.gen";
import { command, live, now } from "../state";

interface Draft {
  disposition: string;
  reason: string;
  notes: string;
  callback_at: string;
  callback_personal: boolean;
}

const empty: Draft = { disposition: "", reason: "", notes: "", callback_at: "", callback_personal: false };

/** ResultPanel is the right column: call controls, notes and the result. It
 * lives as long as one call (its key is the call's id). */
export function ResultPanel({ snapshot: s }: { snapshot: AgentSnapshot }) {
  const call = s.call;
  const draft = useSignal<Draft>({ ...empty, ...stored(call) });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  if (!call) return <NoCall s={s} />;

  const change = (part: Partial<Draft>) => {
    draft.value = { ...draft.value, ...part };
    localStorage.setItem(`draft ${call.call_id}`, JSON.stringify(draft.value));
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void command("call.draft", { call_id: call.call_id, body: draft.value }), 400);
  };
  async function save(next: string): Promise<void> {
    clearTimeout(timer.current);
    if (next === "not_ready" && s.next !== "not_ready") {
      await command("state.set", { state: "not_ready", reason: "break", after_call: true }, { rev: s.rev });
    }
    const d = draft.value;
    const reply = await command(
      "call.result",
      {
        call_id: call!.call_id,
        disposition: d.disposition,
        reason: d.reason,
        notes: d.notes,
        callback_at: d.disposition === "callback" && d.callback_at ? new Date(d.callback_at).toISOString() : undefined,
        callback_personal: d.callback_personal,
      },
      { keep: true },
    );
    if (reply !== undefined) localStorage.removeItem(`draft ${call!.call_id}`);
  }
  const choices = call.pop?.dispositions ?? [];
  const chosen = choices.find((c) => c.code === draft.value.disposition);
  const complete =
    chosen !== undefined &&
    ((chosen.reasons ?? []).length === 0 || draft.value.reason !== "") &&
    (chosen.code !== "callback" || draft.value.callback_at !== "");
  return (
    <section class="panel" aria-label="Call and result">
      <Controls call={call} />
      <label class="notes">
        Notes
        <textarea rows={4} value={draft.value.notes} onInput={(e) => change({ notes: e.currentTarget.value })} />
      </label>
      <fieldset>
        <legend>Result</legend>
        {choices.map((c, i) => (
          <label key={c.code} class="choice">
            <input
              type="radio"
              name="disposition"
              value={c.code}
              checked={draft.value.disposition === c.code}
              onChange={() => change({ disposition: c.code, reason: "" })}
            />
            <span class="key">{i + 1}</span> {c.label}
          </label>
        ))}
      </fieldset>
      {chosen && (chosen.reasons ?? []).length > 0 && (
        <label>
          Reason
          <select value={draft.value.reason} onChange={(e) => change({ reason: e.currentTarget.value })}>
            <option value="">Choose…</option>
            {(chosen.reasons ?? []).map((r) => (
              <option key={r} value={r}>
                {words(r)}
              </option>
            ))}
          </select>
        </label>
      )}
      {chosen?.code === "callback" && (
        <>
          <label>
            Call back at (your time)
            <input
              type="datetime-local"
              value={draft.value.callback_at}
              onInput={(e) => change({ callback_at: e.currentTarget.value })}
            />
          </label>
          <label class="choice">
            <input
              type="checkbox"
              checked={draft.value.callback_personal}
              onChange={(e) => change({ callback_personal: e.currentTarget.checked })}
            />
            Keep it for me
          </label>
        </>
      )}
      <div class="row">
        <button class="primary" data-testid="save" disabled={!complete} onClick={() => void save("ready")}>
          Save and next
        </button>
        <button disabled={!complete} onClick={() => void save("not_ready")}>
          Save and pause
        </button>
      </div>
    </section>
  );
}

function stored(call?: CallView | null): Partial<Draft> {
  if (!call) return {};
  const local = localStorage.getItem(`draft ${call.call_id}`);
  if (local) return JSON.parse(local) as Partial<Draft>;
  return (call.draft ?? {}) as Partial<Draft>;
}

function Controls({ call }: { call: CallView }) {
  const on = (type: string, more: object = {}) => void command(type, { call_id: call.call_id, ...more });
  const talking = call.stage === "talking" || call.stage === "hold";
  const from = call.bridged_at ?? call.answered_at ?? undefined;
  return (
    <div class="controls">
      <p role={call.stage === "offered" ? "alert" : "status"} data-testid="stage">
        {words(call.direction)}: {words(call.stage)} {talking && <span class="clock">{clock(since(from, now.value))}</span>}
      </p>
      <div class="row">
        {call.stage === "offered" && (
          <button class="primary" disabled={!live.value} onClick={() => on("call.answer")}>
            Answer
          </button>
        )}
        <button disabled={!talking || !live.value} onClick={() => on(call.stage === "hold" ? "call.resume" : "call.hold")}>
          {call.stage === "hold" ? "Resume" : "Hold"}
        </button>
        <button disabled={!talking || !live.value} aria-pressed={call.muted ?? false} onClick={() => on("call.mute", { muted: !call.muted })}>
          {call.muted ? "Unmute" : "Mute"}
        </button>
        <button class="danger" disabled={call.stage === "ended" || !live.value} onClick={() => on("call.hangup")}>
          Hang up
        </button>
      </div>
    </div>
  );
}

/** NoCall offers a manual dial. */
function NoCall({ s }: { s: AgentSnapshot }) {
  const number = useSignal("");
  const campaign = useSignal(s.campaigns[0]?.id ?? 0);
  const idle = s.state === "ready" || s.state === "not_ready";
  return (
    <section class="panel" aria-label="Dial">
      <h2>Dial by hand</h2>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void command("dial.manual", { number: number.value, campaign_id: campaign.value });
        }}
      >
        <label>
          Number
          <input value={number.value} inputMode="tel" onInput={(e) => (number.value = e.currentTarget.value)} />
        </label>
        <label>
          Campaign
          <select value={String(campaign.value)} onChange={(e) => (campaign.value = Number(e.currentTarget.value))}>
            {s.campaigns.map((c) => (
              <option key={c.id} value={String(c.id)}>
                {c.name}
              </option>
            ))}
          </select>
        </label>
        <button disabled={!idle || !live.value || number.value === ""}>Dial</button>
      </form>
    </section>
  );
}
