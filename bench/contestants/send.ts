/** Sends the object at one URL as a file to the other. */
export type Send = (from: string, to: string) => Promise<void>;
