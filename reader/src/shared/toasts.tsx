import "./toasts.css";

import { Store, useStore } from "./store";

interface Toast {
  id: number;
  text: string;
  action?: { name: string; run: () => void };
}

// Milliseconds that a toast stays, long enough to read it and to reach its button.
export const TOAST_TIME = 7_000;

const toasts = new Store<readonly Toast[]>([]);
let lastId = 0;

/** Shows a line at the bottom of the page for some seconds; returns a function that removes it earlier. */
export function showToast(text: string, action?: Toast["action"]): () => void {
  const id = ++lastId;
  const remove = () => toasts.set(toasts.get().filter((toast) => toast.id !== id));
  toasts.set([...toasts.get(), { id, text, action }]);
  setTimeout(remove, TOAST_TIME);
  return remove;
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text, action }) => (
        <div className="toast" key={id}>
          <span className="toast-text">{text}</span>
          {action && (
            <button
              type="button"
              onClick={() => {
                toasts.set(toasts.get().filter((toast) => toast.id !== id));
                action.run();
              }}
            >
              {action.name}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
