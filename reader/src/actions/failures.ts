import { showToast } from "../shared/toasts";

/** Why something could not be done or loaded, for people. */
export function failureText(error: unknown): string {
  // What browsers throw when there is no response.
  if (error instanceof TypeError) {
    return "The server cannot be reached.";
  }
  return error instanceof Error ? error.message : String(error);
}

/** Tells the person why something was not done. */
export function reportFailure(error: unknown): void {
  showToast(failureText(error));
}
