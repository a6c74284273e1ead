import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { dayOf } from './business-day.js';
import { EndOfDayService } from './end-of-day.service.js';
import { EndOfDayQuery } from './register.dto.js';
import { EndOfDayView } from './register.view.js';

@RequiresDatabase()
@ApiTags('Reports')
@Controller('reports')
export class EndOfDayController {
  constructor(private readonly service: EndOfDayService) {}

  @Get('end-of-day')
  @ApiOperation({
    summary: 'Cash, sales, refunds and the value of the stock, all of one moment',
    description: 'Sales at the registers go on meanwhile: each is in all of the figures, or in none.',
    operationId: 'reportEndOfDay',
  })
  @ApiOkResponse({ type: EndOfDayView })
  @ApiErrors(400)
  async report(@Query() { day }: EndOfDayQuery): Promise<EndOfDayView> {
    return new EndOfDayView(await this.service.report(dayOf(day)));
  }
}
