import { showToast } from "../shared/toasts";

/** Tells the person why something was not done. */
export function reportFailure(error: unknown): void {
  showToast(error instanceof Error ? error.message : String(error));
}
