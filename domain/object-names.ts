// Names of the objects that a shop has one of. They address stored state: never change.
export const MODEL_NAME = "model";
export const PLANNER_NAME = "planner";
