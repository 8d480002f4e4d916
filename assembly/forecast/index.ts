import { STATIC_BYTES } from "../layout";
export function scratch_offset(): u32 {
  return STATIC_BYTES;
}
