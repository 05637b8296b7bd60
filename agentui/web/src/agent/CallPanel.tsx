import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { phone, words } from "../base/format";
import { Timer } from "../base/Timer";
import type { AgentSnapshot, CallStage } from "../protocol.gen";
import { command, live } from "../state";

const stages: Record<CallStage, string> = {
  dialing: "Dialing",
  ringing: "Ringing",
  offered: "Incoming",
  talking: "Talking",
  hold: "On hold",
  ended: "Ended",
};

/** CallPanel holds the call's controls; they keep their places without a call. */
export function CallPanel({ s }: { s: AgentSnapshot }) {
  const call = s.call;
  const stage = call?.stage;
  const on = live.value && call !== undefined;
  const talking = on && (stage === "talking" || stage === "hold");
  const ref = { call_id: call?.call_id ?? "" };
  const from = stage === "ended" ? call?.ended_at : (call?.bridged_at ?? call?.answered_at);
  return (
    <div class="controls">
      <p class="stage" data-testid="stage" data-stage={stage ?? "none"}>
        <b>{stage ? stages[stage] : "No call"}</b>
        {call && (
          <span>
            {words(call.direction)}
            {call.queue && ` · ${call.queue}`}
          </span>
        )}
        {call && from && <Timer from={from} />}
      </p>
      <div class="buttons">
        {stage === "offered" ? (
          <button type="button" class="primary" disabled={!on} onClick={() => void command("call.answer", ref)}>
            Answer
          </button>
        ) : (
          <button type="button" disabled={!talking} onClick={() => void command(stage === "hold" ? "call.resume" : "call.hold", ref)}>
            {stage === "hold" ? "Resume" : "Hold"}
          </button>
        )}
        <button
          type="button"
          disabled={!talking}
          aria-pressed={call?.muted ?? false}
          onClick={() => void command("call.mute", { ...ref, muted: !call?.muted })}
        >
          {call?.muted ? "Unmute" : "Mute"}
        </button>
        <Keypad key={ref.call_id} callID={ref.call_id} disabled={!talking} />
        <button
          type="button"
          class="danger"
          data-testid="hangup"
          disabled={!on || stage === "ended"}
          onClick={() => void command("call.hangup", ref)}
        >
          {stage === "dialing" || stage === "ringing" ? "Give up" : "Hang up"}
        </button>
      </div>
      {call && <p class="sr-only">{phone(call.number)}</p>}
    </div>
  );
}

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** Keypad sends tones to the customer's side, such as for a menu. */
function Keypad({ callID, disabled }: { callID: string; disabled: boolean }) {
  const open = useSignal(false);
  const sent = useSignal("");
  const opener = useRef<HTMLButtonElement>(null);
  const press = (digits: string) => {
    sent.value = (sent.value + digits).slice(-16);
    void command("call.dtmf", { call_id: callID, digits });
  };
  const close = () => {
    open.value = false;
    opener.current?.focus();
  };
  return (
    <div
      class="keypad-place"
      onKeyDown={(e) => {
        if (!open.value) return;
        if (e.key === "Escape") close();
        else if (keys.includes(e.key) && !disabled) press(e.key);
      }}
    >
      <button type="button" ref={opener} disabled={disabled} aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        Keypad
      </button>
      {open.value && !disabled && (
        <div class="keypad" role="group" aria-label="Keypad">
          <output aria-label="Sent keys">{sent.value}</output>
          {keys.map((k) => (
            <button type="button" key={k} onClick={() => press(k)}>
              {k}
            </button>
          ))}
          <button type="button" class="wide" onClick={close}>
            Close
          </button>
        </div>
      )}
    </div>
  );
}
