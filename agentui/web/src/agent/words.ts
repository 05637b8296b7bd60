import { words } from "../base/format";
import type { AgentSnapshot, PhoneState } from "../protocol.gen";

/** The reasons that an agent may give for a pause. */
export const pauses = ["break", "lunch", "training", "meeting", "personal"];

/** What the phone's states mean for the person. */
export const phoneWords: Record<PhoneState, string> = {
  up: "Phone up",
  down: "Phone down",
  ringing: "Phone ringing",
  on_demand: "Phone rings per call",
};

const reasons: Record<string, string> = {
  signed_in: "Signed in",
  phone_down: "Phone down",
  phone_not_answered: "Call not picked up",
  connection_lost: "Connection was lost",
  manual: "Own call",
};

/** reasonWords writes the reason of a state. */
export function reasonWords(code: string): string {
  return reasons[code] ?? words(code);
}

/** inCall reports whether only the state after this call can be chosen. */
export function inCall(s: AgentSnapshot): boolean {
  return s.state === "talking" || s.state === "wrap_up" || s.state === "reserved";
}
