declare module 'postject' {
  /** Writes `data` as a note called `name` into the executable and flips its fuse. */
  export const inject: (
    file: string,
    name: string,
    data: Buffer,
    options: { readonly sentinelFuse: string },
  ) => Promise<void>;
}
