import { useSignal } from "@preact/signals";
import { dayAndTime, phone } from "../base/format";
import { snapshot } from "../state";
import { changed, discard, drafts, saving } from "./desk";
import { ResultForm } from "./ResultForm";

/** Unfinished shows the calls that were lost before their result was given. */
export function Unfinished() {
  const open = useSignal("");
  void changed.value;
  const list = drafts.unfinished(snapshot.value?.call?.call_id).filter(({ work }) => !saving.value.has(work.call_id) || open.value === work.call_id);
  if (list.length === 0) return null;
  return (
    <div class="unfinished" data-testid="unfinished">
      <h3>Without a result</h3>
      {list.map(({ work, draft }) =>
        open.value === work.call_id ? (
          <div key={work.call_id} class="one">
            <b>{work.name || phone(work.number)}</b>
            <ResultForm work={work} onClose={() => (open.value = "")} />
          </div>
        ) : (
          <div key={work.call_id} class="one">
            <b>{work.name || phone(work.number)}</b> <span class="quiet">{dayAndTime(draft.at)}</span>
            {draft.notes && <p>{draft.notes.slice(0, 120)}</p>}
            <div class="buttons">
              <button type="button" onClick={() => (open.value = work.call_id)}>
                Finish
              </button>
              <button type="button" class="quiet" onClick={() => discard(work.call_id)}>
                Discard
              </button>
            </div>
          </div>
        ),
      )}
    </div>
  );
}
