import "./help.css";

import { Fragment } from "react";

import { Dialog } from "../shared/dialog";

const KEYS: Record<string, [keys: string[], action: string][]> = {
  Everywhere: [
    [["Ctrl", "K"], "Search and go anywhere"],
    [["/"], "Search"],
    [["?"], "Show the keys"],
  ],
  "List of sessions": [
    [["j", "k"], "Next, previous session"],
    [["Enter"], "Open it"],
    [["s"], "Star it"],
    [["e"], "Archive it"],
    [["t"], "Change its tags"],
    [["r"], "Rename it"],
    [["#"], "Delete it"],
    [["x"], "Select it"],
    [["Esc"], "Select none"],
  ],
  Session: [
    [["j", "k"], "Next, previous message"],
    [["J", "K"], "Next, previous prompt"],
    [["f"], "Find in the session"],
    [["o"], "Open or fold what the message contains"],
    [["g", "G"], "First, last message"],
    [["c"], "Continue it in an agent"],
    [["s"], "Star it"],
    [["e"], "Archive it"],
    [["t", "n"], "Change its tags, its note"],
    [["r"], "Rename it"],
    [["#"], "Delete it"],
    [["u"], "Back to the list"],
  ],
};

/** The keys that the reader knows. */
export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" className="help" onClose={onClose}>
      {Object.entries(KEYS).map(([place, keys]) => (
        <section key={place}>
          <h3>{place}</h3>
          <dl>
            {keys.map(([names, action]) => (
              <Fragment key={action}>
                <dt>
                  {names.map((name) => (
                    <kbd key={name}>{name}</kbd>
                  ))}
                </dt>
                <dd>{action}</dd>
              </Fragment>
            ))}
          </dl>
        </section>
      ))}
      <form method="dialog" className="dialog-actions">
        <button className="button">Close</button>
      </form>
    </Dialog>
  );
}
