import { nameOf, words } from "../base/format";
import type { AgentSnapshot } from "../protocol.gen";
import { connection, live } from "../state";
import { phoneWords } from "./words";

/** Guide says in one line what goes on, and how the lines are; its place is always there. */
export function Guide({ s }: { s: AgentSnapshot }) {
  const offered = s.call?.stage === "offered";
  return (
    <div class={`guide ${live.value ? (offered ? "ringing" : "") : "away"}`}>
      <span role="status" data-testid="guide">
        {live.value && !offered && text(s)}
      </span>
      <span role="alert" data-testid="guide-alert">
        {live.value
          ? offered && text(s)
          : `Reconnecting… ${s.call && s.call.stage !== "ended" ? "The call continues. " : ""}Your notes are safe.`}
      </span>
      <span class="grow" />
      <span class="today">
        {s.today.calls} {s.today.calls === 1 ? "call" : "calls"}, {s.today.results} {s.today.results === 1 ? "result" : "results"}
      </span>
      <span class={`phone ${s.phone}`} data-testid="phone" data-phone={s.phone}>
        <i class="dot" aria-hidden="true" />
        {phoneWords[s.phone] ?? words(s.phone)}
      </span>
      <span class={`link ${connection.value.state}`} data-testid="link">
        <i class="dot" aria-hidden="true" />
        {live.value ? "Connected" : "Reconnecting"}
      </span>
    </div>
  );
}

function text(s: AgentSnapshot): string {
  const call = s.call;
  const who = (call?.pop && nameOf(call.pop.contact)) || "the customer";
  if (call) {
    switch (call.stage) {
      case "dialing":
      case "ringing":
        return s.phone === "on_demand" ? "Pick up your phone; the customer is called then." : `Calling ${who}.`;
      case "offered":
        return s.phone === "on_demand" ? "A call for you. Pick up your phone." : "A call for you.";
      case "hold":
        return `${who} is on hold and does not hear you.`;
      case "talking":
        return call.muted ? `Muted: ${who} does not hear you.` : "You are connected. The result can be chosen at any time.";
      case "ended":
        return `${call.ended_by === "customer" ? "The customer hung up. " : "The call has ended. "}Choose the result.`;
    }
  }
  if (s.phone === "ringing") return "Your phone is ringing. Pick it up; it stays connected for the shift.";
  if (s.phone === "down") return "Your phone is not connected. It is called again by itself.";
  if (s.state === "ready") return "Waiting for a call.";
  if (s.state === "reserved") return "A call is coming.";
  switch (s.reason) {
    case "signed_in":
      return "Press Ready to get calls.";
    case "phone_not_answered":
      return "You did not pick up, so you were paused. Press Ready to go on.";
    case "connection_lost":
      return "The connection was away for too long, so you were paused. Press Ready to go on.";
    default:
      return "Paused. Press Ready to go on.";
  }
}
