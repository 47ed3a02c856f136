import { Component, type ReactNode } from "react";

interface ShownOrRawProps {
  children: ReactNode;
  /** What is shown in their place if they cannot be rendered. */
  raw: () => string;
}

/** Keeps the page when one message cannot be rendered, such as one that is nested too deep. */
export class ShownOrRaw extends Component<ShownOrRawProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    const { children, raw } = this.props;
    return this.state.hasFailed ? <div className="plain-text">{raw()}</div> : children;
  }
}
