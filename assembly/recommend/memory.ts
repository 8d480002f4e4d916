// Where a query and a model's image stand. Everything is read in place.
import {
  ANSWER_ADDRESS,
  BRAND_WORK_ADDRESS,
  BRAND_WORK_BYTES,
  CATEGORY_WORK_ADDRESS,
  CATEGORY_WORK_BYTES,
  HEADER_RECORDS,
  MARK_ADDRESS,
  QUERY_ADDRESS,
  RECORD_BRAND,
  RECORD_CATEGORY,
  RECORD_SHIFT,
} from "../layout";

/** Address of the image the running call reads. */
export let image: usize = 0;
let records: usize = 0;

export function open(address: usize): void {
  image = address;
  records = section(HEADER_RECORDS);
}

/** Address of the 32-bit entry `at` of a column. */
export function word(column: usize, at: u32): usize {
  return column + ((<usize>at) << 2);
}

/** Address of the 16-bit entry `at` of a column. */
export function half(column: usize, at: u32): usize {
  return column + ((<usize>at) << 1);
}

export function queryInt(offset: usize): u32 {
  return load<u32>(<usize>QUERY_ADDRESS + offset);
}

export function queryFloat(offset: usize): f32 {
  return load<f32>(<usize>QUERY_ADDRESS + offset);
}

/** Entry `at` of an array of the query block. */
export function queryIntAt(offset: usize, at: u32): u32 {
  return load<u32>(word(<usize>QUERY_ADDRESS + offset, at));
}

export function queryFloatAt(offset: usize, at: u32): f32 {
  return load<f32>(word(<usize>QUERY_ADDRESS + offset, at));
}

export function header(field: usize): u32 {
  return load<u32>(image + field);
}

/** Address of a section of the image. */
export function section(field: usize): usize {
  return image + <usize>load<u32>(image + field);
}

/** Address of what is known of a product. */
export function record(product: u32): usize {
  return records + ((<usize>product) << RECORD_SHIFT);
}

export function categoryOf(product: u32): u32 {
  return load<u16>(record(product), RECORD_CATEGORY);
}

export function brandOf(product: u32): u32 {
  return load<u16>(record(product), RECORD_BRAND);
}

/** Mark of a product: its candidate's ordinal + 1 in the lower 13 bits, then the flags below. */
export function markAddress(product: u32): usize {
  return half(MARK_ADDRESS, product);
}

export const MARK_ORDINAL: u32 = 0x1fff;
/** Never shown by this call: excluded, or shown already. */
export const MARK_BLOCKED: u32 = 0x2000;
/** Among the visitor's recent products. */
export const MARK_SEEN: u32 = 0x4000;
/** Its neighbours were gathered in the first step. */
export const MARK_SOURCE: u32 = 0x8000;

/**
 * Work of a category: affinity; prices looked at, and the currency and flags of a record that they are compared with;
 * products chosen; first and last day, number of purchases.
 */
export function categoryWork(category: u32): usize {
  return <usize>CATEGORY_WORK_ADDRESS + <usize>category * <usize>CATEGORY_WORK_BYTES;
}
export const WORK_AFFINITY: usize = 0;
export const WORK_MIDDLE: usize = 4;
export const WORK_SHARPNESS: usize = 8;
export const WORK_PRICED: usize = 12;
export const WORK_CHOSEN: usize = 16;
export const WORK_FIRST_DAY: usize = 20;
export const WORK_LAST_DAY: usize = 24;
export const WORK_PURCHASES: usize = 28;

/** Work of a brand: affinity, products chosen. */
export function brandWork(brand: u32): usize {
  return <usize>BRAND_WORK_ADDRESS + <usize>brand * <usize>BRAND_WORK_BYTES;
}
export const BRAND_CHOSEN: usize = 4;

export function answerAddress(column: usize, at: u32): usize {
  return word(<usize>ANSWER_ADDRESS + column, at);
}
