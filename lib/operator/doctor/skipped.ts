/** The check does not apply, or has no answer before another finding is mended. The message says why. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}
