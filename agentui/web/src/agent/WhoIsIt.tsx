import { keptText } from "../base/kept";
import type { CallView, Contact } from "../protocol.gen";
import { command, live } from "../state";
import { Finder, People } from "./Finder";

/** WhoIsIt lets the agent choose, find or create the person of an inbound call. */
export function WhoIsIt({ call, candidates }: { call: CallView; candidates: Contact[] }) {
  const field = (name: string) => keptText(`who.${call.call_id}.${name}`);
  const first = field("first");
  const last = field("last");
  const company = field("company");
  const bind = (c: Contact) => void command("contact.bind", { call_id: call.call_id, contact_id: c.id });
  const create = (event: Event) => {
    event.preventDefault();
    const filled = { first_name: first.value.trim(), last_name: last.value.trim(), company: company.value.trim() };
    void command("contact.create", {
      call_id: call.call_id,
      ...Object.fromEntries(Object.entries(filled).filter(([, v]) => v !== "")),
    });
  };
  return (
    <div class="who-is-it" data-testid="who">
      {candidates.length > 0 && (
        <>
          <h3>{candidates.length > 1 ? "Several people have this number. Who is it?" : "Is it this person?"}</h3>
          <People people={candidates} action="It is" onPick={bind} />
        </>
      )}
      <h3>{candidates.length > 0 ? "Somebody else" : "Who is calling?"}</h3>
      <Finder name={`who.${call.call_id}.find`} action="It is" onPick={bind} />
      <h3>New customer</h3>
      <form onSubmit={create}>
        <label>
          First name
          <input value={first.value} maxLength={100} onInput={(e) => (first.value = e.currentTarget.value)} />
        </label>
        <label>
          Last name
          <input value={last.value} maxLength={100} onInput={(e) => (last.value = e.currentTarget.value)} />
        </label>
        <label>
          Company
          <input value={company.value} maxLength={200} onInput={(e) => (company.value = e.currentTarget.value)} />
        </label>
        <button disabled={!live.value || (first.value + last.value + company.value).trim() === ""}>Create with this number</button>
      </form>
    </div>
  );
}
