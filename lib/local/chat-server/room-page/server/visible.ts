// Controls, and characters that change the direction of text: a name with them can look like another name.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression looks for control characters.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A name on one line: each character that a reader cannot see, or that reorders the others, becomes `�`. */
export const visible = (text: string): string => text.toWellFormed().replace(UNSAFE, '\ufffd');
