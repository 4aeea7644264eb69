-- Health of a rds-enrollment.dev object. Uses what Argo CD gives a script by default: no string library.

-- Reasons of the way, not of trouble: all others make a Ready that is False a fault.
local progress = {}

local function condition(kind)
  for _, entry in ipairs(obj.status.conditions or {}) do
    if entry.type == kind then
      return entry
    end
  end
  return nil
end

local annotations = obj.metadata.annotations or {}
if annotations["rds-enrollment.dev/paused"] == "true" then
  return { status = "Suspended", message = "Paused by the annotation rds-enrollment.dev/paused" }
end

if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator to look at it" }
end

local stalled = condition("Stalled")
if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = stalled.message }
end

local ready = condition("Ready")
if ready == nil then
  return { status = "Progressing", message = "Waiting for the operator to look at it" }
end
if ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end
if ready.status == "False" and not progress[ready.reason] then
  return { status = "Degraded", message = ready.message }
end
return { status = "Progressing", message = ready.message }
